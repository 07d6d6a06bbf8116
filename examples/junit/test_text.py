"""A suite of somebody's own, which knows nothing of anyunix: what a program asks of the C library's locales."""

import locale
import time

import pytest


def test_the_c_locale_is_there():
    assert locale.setlocale(locale.LC_ALL, "C") == "C"


def test_a_locale_that_nobody_has_is_refused():
    with pytest.raises(locale.Error):
        locale.setlocale(locale.LC_ALL, "xx_XX")


def test_a_day_has_its_english_name():
    assert time.strftime("%A", time.gmtime(0)) == "Thursday"


@pytest.mark.skipif(not locale.setlocale(locale.LC_CTYPE, None).endswith("UTF-8"), reason="no UTF-8 here")
def test_capital_letters():
    assert "ß".upper() == "SS"
