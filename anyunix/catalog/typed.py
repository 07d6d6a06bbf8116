"""Plain data -> a value of a type that msgspec knows; what does not fit is named by its key, in the file's words.

msgspec stops at "Expected `array`, got `int` - at `$.bind[...]`": neither the key of a mapping nor the word that was
meant. So the data is walked along the type first. What is expected is the annotation's `title`, which editors show as
well, else what that kind of type is called.
"""

import re
from collections.abc import Hashable, Mapping
from datetime import date
from functools import cache
from types import UnionType
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from anyunix.catalog.yaml_text import kind
from anyunix.text import HOLDS_NO, UNFIT, nearest

T = TypeVar("T")
SHOWN = 60
"""Characters of a text that an error repeats."""
WRITE = "write"
"""In `Meta(extra={WRITE: …})`: what to write, where "expected …" would help little."""
Keys = tuple[str, ...]
Fields = inspect.StructType | inspect.DataclassType
KINDS: Mapping[type, tuple[str, tuple[type, ...]]] = {
    inspect.AnyType: ("a value", (str, bool, int, float, date, list, dict)),
    inspect.NoneType: ("nothing", (type(None),)),
    inspect.BoolType: ("true or false", (bool,)),
    inspect.IntType: ("a whole number", (int,)),
    inspect.FloatType: ("a number", (int, float)),
    inspect.StrType: ("a text", (str,)),
    inspect.LiteralType: ("a text", (str, int, float)),
    inspect.DateType: ("a date such as 2027-01-31, without quotes or time", (date,)),
    inspect.ListType: ("a list of words", (list,)),
    inspect.VarTupleType: ("a list of words", (list,)),
    inspect.DictType: ("keys and values", (dict,)),
    inspect.StructType: ("keys and values", (dict,)),
    inspect.DataclassType: ("keys and values", (dict,)),
}
"""What a type is called, and the exact types of the YAML values that it takes: true is no number, a time no date."""
TEXTS = (str, int, float, bool)
"""What is taken for a Text or a Word."""


class Misfit(Exception):
    """Data that does not fit its type: the keys that lead there, none for the whole of it, and the reason."""

    def __init__(self, keys: Keys, reason: str) -> None:
        super().__init__(f"key {'.'.join(keys)!r}: {reason}" if keys else reason)
        self.keys, self.reason = keys, reason


def typed(data: Any, wanted: type[T] | UnionType) -> T:
    """The data as a value of that type, with texts made of the numbers that stand for some. Raises Misfit."""
    fitted = _fitted(_info(wanted), data, ())  # type: ignore[arg-type]  # a union is hashable, too
    try:
        converted: T = msgspec.convert(fitted, wanted)
    except msgspec.ValidationError as error:  # a constraint that is not looked at here
        reason, _, path = str(error).partition(" - at `$")
        raise Misfit(tuple(re.findall(r"[\w-]+", path)), reason) from None
    return converted


@cache
def _info(wanted: Hashable) -> inspect.Type:
    """Made once of each of the few types: it takes longer than what a file says."""
    return inspect.type_info(wanted)


def _fitted(info: inspect.Type, value: Any, keys: Keys) -> Any:
    """The value as msgspec takes it."""
    bare = _noted(info).type
    if _is_text(info):
        return _text(info, value, keys, _called(info))
    if isinstance(bare, inspect.UnionType):
        return _fitted(_member(info, bare, value, keys), value, keys)
    if not _takes(bare, value) or not _within(bare, value):
        raise _misfit(info, value, keys)
    if isinstance(bare, inspect.LiteralType):
        if _title(info) and value not in bare.values:
            raise _misfit(info, value, keys)
        return _choice(tuple(map(str, bare.values)), value, keys)
    if isinstance(bare, inspect.ListType | inspect.VarTupleType):
        return [_item(info, bare.item_type, number, item, keys) for number, item in enumerate(value, 1)]
    if isinstance(bare, inspect.DictType):
        return {_name(info, bare, name, keys): _value(bare, name, item, keys) for name, item in value.items()}
    if isinstance(bare, Fields):
        return _struct(info, bare, value, keys)
    return value


def _text(info: inspect.Type, value: Any, keys: Keys, expected: str) -> str:
    if type(value) not in TEXTS:
        raise Misfit(keys, f"expected {expected}, found {kind(value)}")
    unfit = _noted(info).extra_json_schema[HOLDS_NO]  # type: ignore[index]
    if UNFIT[unfit].search(text := str(value)):
        raise Misfit(keys, f"holds {unfit}, found {text[:SHOWN]!r}")
    return text


def _choice(known: tuple[str, ...], value: Any, keys: Keys) -> str:
    word = str(value)
    if word not in known:
        raise Misfit(keys, f"unknown {word!r}{nearest(word, known)}; known: {', '.join(filter(None, known))}")
    return word


def _item(info: inspect.Type, item: inspect.Type, number: int, value: Any, keys: Keys) -> Any:
    """One of a list. What is wrong with it is said of the list, whose line can be told."""
    if _is_text(item):
        return _text(item, value, keys, "words or numbers")
    try:
        return _fitted(item, value, ())
    except Misfit as misfit:
        bare = _noted(item).type
        # a TalkStep is a step
        noun = re.findall("[A-Z][a-z]*", bare.cls.__name__)[-1].lower() if isinstance(bare, Fields) else "entry"
        inner = f"expected {_called(item)}; " if misfit.keys else ""
        raise Misfit(keys, f"expected {_called(info)}; {noun} {number}: {inner}{misfit}") from None


def _name(info: inspect.Type, bare: inspect.DictType, name: Any, keys: Keys) -> Any:
    """A key of a mapping."""
    if _is_text(bare.key_type):
        return _text(bare.key_type, name, keys, "words or numbers")
    return _fitted(bare.key_type, _quoted(info, name, keys), keys)


def _value(bare: inspect.DictType, name: Any, value: Any, keys: Keys) -> Any:
    if _is_text(bare.value_type):
        return _text(bare.value_type, value, keys, "words or numbers")
    return _fitted(bare.value_type, value, (*keys, str(name)))


def _quoted(info: inspect.Type, name: Any, keys: Keys) -> str:
    if not isinstance(name, str):
        raise Misfit(keys, f"expected {_called(info)}, found {kind(name)}; a name like that needs quotes")
    return name


def _struct(info: inspect.Type, bare: Fields, value: dict[Any, Any], keys: Keys) -> dict[str, Any]:
    """Keys that a type names. An unknown one goes first: it mostly is a missing one, misspelled."""
    tag = {bare.tag_field: value[bare.tag_field]} if isinstance(bare, inspect.StructType) and bare.tag_field else {}
    fields = {field.encode_name: field for field in bare.fields}
    known = [*tag, *fields]
    own_words = f"expected {_called(info)}, found {', '.join(map(str, value)) or 'none'}" if _title(info) else ""
    for name in value:
        if _quoted(info, name, keys) not in known:
            what = "unknown" if keys else "unknown key"
            raise (
                Misfit(keys, own_words)
                if own_words
                else Misfit((*keys, name), f"{what}{nearest(name, known)}; known: {', '.join(known)}")
            )
    for name, field in fields.items():
        if field.required and value.get(name) is None and not _takes(field.type, None):
            raise Misfit(keys, own_words) if own_words else _missing(field, keys)
    return tag | {name: _fitted(fields[name].type, value[name], (*keys, name)) for name in fields if name in value}


def _missing(field: inspect.Field, keys: Keys) -> Misfit:
    if write := _to_write(field.type):
        return Misfit((*keys, field.encode_name), f"missing; write {write}")
    if keys:
        return Misfit(keys, f"the key {field.encode_name} is missing: {_called(field.type)}")
    return Misfit((field.encode_name,), f"missing; expected {_called(field.type)}")


def _member(info: inspect.Type, union: inspect.UnionType, value: Any, keys: Keys) -> inspect.Type:
    """The one of several types that a value is meant to be of."""
    structs = [bare for bare in (_noted(member).type for member in union.types) if isinstance(bare, inspect.StructType)]
    tagged = {str(struct.tag): struct for struct in structs if struct.tag_field}
    if tagged and isinstance(value, dict):
        return _tagged(tagged, structs[0].tag_field or "", value, keys)
    for member in union.types:
        if _takes(member, value):
            return member
    raise _misfit(info, value, keys)


def _tagged(tagged: Mapping[str, inspect.StructType], field: str, value: dict[Any, Any], keys: Keys) -> inspect.Type:
    """The struct whose tag the data names; a key that only others have is told with theirs."""
    if value.get(field) is None:
        raise Misfit((*keys, field), "missing; expected a text")
    if type(value[field]) not in TEXTS:
        raise Misfit((*keys, field), f"expected a text, found {kind(value[field])}")
    chosen = _choice(tuple(tagged), value[field], (*keys, field))
    has = {tag: [each.encode_name for each in struct.fields] for tag, struct in tagged.items()}
    everywhere = {field}.union(*has.values())
    for name in value:
        if name not in has[chosen] and (owners := [tag for tag, names in has.items() if name in names]):
            raise Misfit((*keys, name), f"for {field} {', '.join(owners)} only")
        if isinstance(name, str) and name not in everywhere:
            known = f"known: {', '.join([field, *has[chosen]])}"
            raise Misfit((*keys, name), f"unknown key{nearest(name, sorted(everywhere))}; {known}")
    return tagged[chosen]


def _misfit(info: inspect.Type, value: Any, keys: Keys) -> Misfit:
    if write := _to_write(info):
        return Misfit(keys, f"found {kind(value)}; write {write} (in quotes if need be)")
    return Misfit(keys, f"expected {_called(info)}, found {kind(value)}")


def _takes(info: inspect.Type, value: Any) -> bool:
    """Whether a type takes values of this kind, whatever they hold."""
    bare = _noted(info).type
    if isinstance(bare, inspect.UnionType):
        return any(_takes(member, value) for member in bare.types)
    kinds = TEXTS if _is_text(info) else KINDS[type(bare)][1]
    return isinstance(bare, inspect.AnyType) or type(value) in kinds


def _within(bare: inspect.Type, value: Any) -> bool:
    """Whether the value keeps the constraints that there are in these files."""
    if isinstance(bare, inspect.IntType):
        return bare.ge is None or value >= bare.ge
    if isinstance(bare, inspect.StrType):
        return len(value) >= (bare.min_length or 0) and (not bare.pattern or bool(re.search(bare.pattern, value)))
    if isinstance(bare, inspect.ListType | inspect.VarTupleType):
        return len(value) >= (bare.min_length or 0)
    return True


def _called(info: inspect.Type) -> str:
    """What is expected, as in `expected a list of words`."""
    bare = _noted(info).type
    if title := _title(info):
        return title
    if isinstance(bare, inspect.UnionType):
        return " or ".join(_called(member) for member in bare.types if not isinstance(member, inspect.NoneType))
    if isinstance(bare, Fields):
        return f"the keys {', '.join(field.encode_name for field in bare.fields)}"
    above = f" above {bare.ge - 1}" if isinstance(bare, inspect.IntType) and bare.ge is not None else ""
    return KINDS[type(bare)][0] + above


def _noted(info: inspect.Type) -> inspect.Metadata:
    return info if isinstance(info, inspect.Metadata) else inspect.Metadata(info)


def _title(info: inspect.Type) -> str:
    return str((_noted(info).extra_json_schema or {}).get("title", ""))


def _to_write(info: inspect.Type) -> str:
    return str((_noted(info).extra or {}).get(WRITE, ""))


def _is_text(info: inspect.Type) -> bool:
    """Whether numbers are taken as texts."""
    return HOLDS_NO in (_noted(info).extra_json_schema or {})
