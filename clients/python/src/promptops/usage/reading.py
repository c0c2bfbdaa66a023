"""Reads fields of answers that are dictionaries or SDK objects, and believes only real values.

A mock answers every attribute with another mock; so does many a lazy proxy. Whatever is not really an integer or a string
counts as absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Optional

_ABSENT = object()
# By one of these an answer, a stream event or a usage object is known.
_MARKS = ("usage", "usage_metadata", "response", "message", "prompt_tokens", "input_tokens", "prompt_token_count")
_PLAIN = (str, bytes, bytearray, int, float, complex, bool, list, tuple, set, frozenset, type(None))


def get(node: Any, name: str) -> Any:
    """A key of a mapping, or an attribute of an object; None when there is none."""
    return _look(node, name, None)


def has_null(node: Any, name: str) -> bool:
    """Whether a field is there and null. Its mere presence can tell who wrote the answer."""
    return _look(node, name, _ABSENT) is None


def _look(node: Any, name: str, absent: object) -> Any:
    if isinstance(node, _PLAIN):
        return absent
    try:
        if isinstance(node, Mapping):
            return node.get(name, absent)
        if hasattr(type(node), "model_fields"):
            # Pydantic, so most SDKs, on every piece of a stream: asking it for what it lacks costs 5 us each time.
            own = node.__dict__
            return own[name] if name in own else (node.__pydantic_extra__ or {}).get(name, absent)
        return getattr(node, name, absent)
    except Exception:
        # A property that raises: the answer does not have it.
        return absent


def count(node: Any, *names: str) -> Optional[int]:
    """The first of the names that holds an integer of at least 0."""
    for name in names:
        value = get(node, name)
        if issubclass(type(value), int) and type(value) is not bool and value >= 0:
            return int(value)
    return None


def text(node: Any, *names: str) -> Optional[str]:
    """The first of the names that holds a non-empty string, or an enum member with one."""
    for name in names:
        value = get(node, name)
        if issubclass(type(value), Enum):
            value = value.value
        if issubclass(type(value), str) and value:
            return str(value)
    return None


def holds_count(node: Any, *names: str) -> bool:
    return any(count(node, name) is not None for name in names)


def as_node(answer: Any) -> Any:
    """The answer itself, or what its `model_dump()` or `to_dict()` gives when its fields are no attributes.

    Models with named fields are never dumped: their attributes say the same, and a large answer would cost milliseconds.
    """
    if isinstance(answer, _PLAIN) or isinstance(answer, Mapping) or not _is_opaque(answer):
        return answer
    for method in ("model_dump", "to_dict"):
        # Of the type, not of the instance: a mock has every method.
        if callable(getattr(type(answer), method, None)):
            try:
                dumped = getattr(answer, method)()
            except Exception:
                # Not a dump without arguments; the attributes are all there is.
                continue
            if isinstance(dumped, Mapping):
                return dumped
    return answer


def _is_opaque(answer: Any) -> bool:
    if not set(get(type(answer), "model_fields") or ()) <= {"root"}:
        return False
    return all(_look(answer, name, _ABSENT) is _ABSENT for name in _MARKS)
