"""Typed results in, conclusions out: differences, causes, verdicts. Nothing is run and nothing is shown here."""
