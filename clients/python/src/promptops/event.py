"""What an event is made of, and how it becomes JSON. Runs on the sending thread, never on the caller's."""

from __future__ import annotations

import json
import numbers
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from .uuid7 import uuid7

#: The fields of an event as the collector takes them; anything else belongs under `metadata`.
EVENT_FIELDS = frozenset(
    {
        "event_id",
        "timestamp",
        "project_id",
        "prompt_id",
        "prompt_version",
        "endpoint",
        "model_provider",
        "model_name",
        "service_tier",
        "environment",
        "user_id",
        "session_id",
        "stream",
        "input_tokens",
        "cache_read_tokens",
        "cache_write_5m_tokens",
        "cache_write_1h_tokens",
        "output_tokens",
        "reasoning_tokens",
        "tokens_requested",
        "response_time_ms",
        "time_to_first_token_ms",
        "status",
        "status_code",
        "error_type",
        "cache_hit",
        "cost_usd",
        "metadata",
    }
)

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# The collector takes at most 18 digits after the point.
_COST_STEP = Decimal(1).scaleb(-18)


def encode_event(fields: Mapping[str, Any], recorded_ns: int) -> bytes:
    """Returns one event as JSON.

    Fields that are None or "" are left out: both mean 'not known'. Without a `timestamp` the event gets `recorded_ns`
    (Unix time in nanoseconds), and without an `event_id` a new one: here and not in `record()`, where it would be half of
    the work. Encode an event once, and keep the bytes.

    Raises TypeError, ValueError, OverflowError or RecursionError for what JSON cannot hold: NaN, infinity, cycles,
    objects of unknown types.
    """
    event = {name: value for name, value in fields.items() if value is not None and not _is_empty_text(value)}
    event.setdefault("event_id", uuid7(recorded_ns))
    event["timestamp"] = _timestamp_text(event.get("timestamp"), recorded_ns)
    if "cost_usd" in event:
        event["cost_usd"] = _decimal_text(event["cost_usd"])
    return _encode(event).encode("ascii")


def _is_empty_text(value: object) -> bool:
    return type(value) is str and not value


def _timestamp_text(value: object, recorded_ns: int) -> object:
    if value is None:
        return _utc_text(_EPOCH + timedelta(microseconds=recorded_ns // 1000))
    if isinstance(value, datetime):
        return _utc_text(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _utc_text(_EPOCH + timedelta(seconds=value))
    return value


def _utc_text(moment: datetime) -> str:
    utc = moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)
    return utc.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _decimal_text(value: object) -> object:
    """A number as a plain decimal string: 1e-05 is written 0.00001, never in exponent form."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return value
    amount = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not amount.is_finite():
        raise ValueError(f"cost_usd is {value}")
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -18:
        amount = amount.quantize(_COST_STEP, rounding=ROUND_HALF_EVEN)
    return format(amount, "f")


def _plain(value: object) -> object:
    """The JSON form of what applications put into metadata. Looks at the real type: a mock's claim to be a number is not one."""
    kind = type(value)
    if issubclass(kind, datetime):
        return _utc_text(value)  # type: ignore[arg-type]
    if issubclass(kind, date):
        return value.isoformat()  # type: ignore[attr-defined]
    if issubclass(kind, (UUID, Decimal)):
        return str(value)
    if issubclass(kind, Enum):
        return value.value  # type: ignore[attr-defined]
    if issubclass(kind, (set, frozenset)):
        return list(value)  # type: ignore[call-overload]
    if issubclass(kind, Mapping):
        return dict(value)  # type: ignore[call-overload]
    # numpy and friends register their scalars with these.
    if issubclass(kind, numbers.Integral):
        return int(value)  # type: ignore[call-overload]
    if issubclass(kind, numbers.Real):
        return float(value)  # type: ignore[arg-type]
    raise TypeError(f"a value of type {kind.__name__} has no JSON form")


_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_plain).encode
