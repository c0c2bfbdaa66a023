"""The configuration of a client: everything is checked once, and every mistake is named in one ValueError."""

from __future__ import annotations

import difflib
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, NamedTuple, Optional, TypedDict
from urllib.parse import urlsplit

from .budget import BUDGET_PATH, BudgetConfig, BudgetSettings
from .event import EVENT_FIELDS
from .notices import DeliveryError, Drop

DEFAULT_PATH = "/v1/client/usage/log"
_WEEK_SECONDS = 7 * 24 * 3600.0


class Telemetry(TypedDict, total=False):
    """The `telemetry` settings. Times are seconds.

    enabled: False turns `record()` and tracking into no-ops. Default True.
    endpoint: absolute URL, or a path below `base_url`. Default `/v1/client/usage/log`.
    batch_size: events in one request, and the number waiting that starts one; 1 to 10000. Default 100.
    flush_interval: longest time that an event waits for company. Default 30.
    max_queue_size: events held in memory, those on their way included; the newest are dropped past it. Default 10000.
    request_timeout: for one whole request: connecting, sending and reading the answer. Default 10.
    retry_budget: how long the same batch is sent again and again before it is dropped; None for ever. Default 300.
    retry_initial_delay, retry_max_delay: the wait before the n-th retry is random, between 0 and
        min(retry_max_delay, retry_initial_delay * 2 ** n). Defaults 0.5 and 30.
    shutdown_timeout: deadline of the last flush when the process ends or a `with` block closes. Default 5.
    serverless: no background thread; events are sent by `flush()` on the thread that calls it. Default False.
    gzip: compress bodies of 1 KiB and more. Default True.
    ca_file: PEM file of the certificate authorities to trust instead of the system's. Default None.
    """

    enabled: bool
    endpoint: str
    batch_size: int
    flush_interval: float
    max_queue_size: int
    request_timeout: float
    retry_budget: Optional[float]
    retry_initial_delay: float
    retry_max_delay: float
    shutdown_timeout: float
    serverless: bool
    gzip: bool
    ca_file: Optional[str]


class Settings(NamedTuple):
    """The telemetry settings after checking, with every default filled in. `endpoint` is absolute."""

    enabled: bool
    endpoint: str
    api_key: str
    batch_size: int
    flush_interval: float
    max_queue_size: int
    request_timeout: float
    retry_budget: float
    retry_initial_delay: float
    retry_max_delay: float
    shutdown_timeout: float
    serverless: bool
    gzip: bool
    ca_file: Optional[str]
    budget: BudgetSettings


@dataclass(frozen=True)
class ClientConfig:
    """How a `PromptOpsClient` works.

    base_url: the collector, e.g. `https://promptops.example.com`; default: the variable PROMPTOPS_BASE_URL.
    api_key: a key with the scope `ingest`; default: the variable PROMPTOPS_API_KEY. Never shown by `repr()`.
    telemetry: see `Telemetry`.
    defaults: fields that every event gets unless it has its own, e.g. `{"project_id": "checkout"}`.
    on_drop: called with a `Drop` when events are lost. Calls are bundled, one for each reason.
    on_error: called with a `DeliveryError` when a request fails or the collector rejects events.
    budget: how `with_budget()` and `budget.guard()` act, see `BudgetConfig`; without them, no budget is asked.

    The callbacks run on the sending thread, never inside `record()`; what they raise is logged. Without one, the same
    goes to the log `promptops` as a warning.

    Raises ValueError that names every mistake at once.
    """

    base_url: Optional[str] = None
    api_key: Optional[str] = field(default=None, repr=False)
    telemetry: Optional[Telemetry] = None
    defaults: Optional[Mapping[str, Any]] = None
    on_drop: Optional[Callable[[Drop], object]] = None
    on_error: Optional[Callable[[DeliveryError], object]] = None
    budget: Optional[BudgetConfig] = None
    settings: Settings = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        mistakes: List[str] = []
        object.__setattr__(self, "settings", _resolve(self, mistakes))
        if mistakes:
            raise ValueError("ClientConfig: " + "; ".join(mistakes))


def _resolve(config: ClientConfig, mistakes: List[str]) -> Settings:
    given = _mapping("telemetry", config.telemetry, mistakes)
    reader = _Reader(given, mistakes)
    reader.refuse_unknown()
    enabled = reader.flag("enabled", True)
    settings = Settings(
        enabled=enabled,
        endpoint=_endpoint(config.base_url, reader, enabled, mistakes),
        api_key=_api_key(config.api_key, enabled, mistakes),
        batch_size=reader.whole("batch_size", 100, 10_000),
        flush_interval=reader.seconds("flush_interval", 30.0),
        max_queue_size=reader.whole("max_queue_size", 10_000, 10_000_000),
        request_timeout=reader.seconds("request_timeout", 10.0),
        retry_budget=reader.seconds("retry_budget", 300.0, none_is=math.inf),
        retry_initial_delay=reader.seconds("retry_initial_delay", 0.5),
        retry_max_delay=reader.seconds("retry_max_delay", 30.0),
        shutdown_timeout=reader.seconds("shutdown_timeout", 5.0),
        serverless=reader.flag("serverless", False),
        gzip=reader.flag("gzip", True),
        ca_file=reader.text("ca_file"),
        budget=_budget(config, enabled, mistakes),
    )
    if settings.batch_size > settings.max_queue_size:
        mistakes.append(
            f"telemetry.batch_size ({settings.batch_size}) is larger than max_queue_size ({settings.max_queue_size})"
        )
    for name in _mapping("defaults", config.defaults, mistakes):
        if name not in EVENT_FIELDS:
            mistakes.append(f"defaults.{name} is not a field of an event{_did_you_mean(name, EVENT_FIELDS)}")
    for name, callback in (("on_drop", config.on_drop), ("on_error", config.on_error)):
        if callback is not None and not callable(callback):
            mistakes.append(f"{name} must be callable, not {_shown(callback)}")
    return settings


def _budget(config: ClientConfig, enabled: bool, mistakes: List[str]) -> BudgetSettings:
    given = _mapping("budget", config.budget, mistakes)
    reader = _Reader(given, mistakes, "budget", BudgetConfig.__annotations__)
    reader.refuse_unknown()
    mode, on_warning = given.get("mode", "warn"), given.get("on_warning")
    if mode not in ("warn", "block"):
        mistakes.append(f"budget.mode must be 'warn' or 'block', not {_shown(mode)}")
    if on_warning is not None and not callable(on_warning):
        mistakes.append(f"budget.on_warning must be callable, not {_shown(on_warning)}")
    base_url = config.base_url if config.base_url is not None else os.environ.get("PROMPTOPS_BASE_URL")
    is_usable = enabled and isinstance(base_url, str) and re.match(r"https?://", base_url, re.IGNORECASE)
    return BudgetSettings(
        endpoint=str(base_url).rstrip("/") + BUDGET_PATH if is_usable else "",
        mode=mode,
        timeout=reader.seconds("timeout", 0.05),
        cache=reader.seconds("cache", 5.0),
        on_warning=on_warning if callable(on_warning) else None,
    )


class _Reader:
    """Reads typed values from a mapping of settings, and collects what is wrong."""

    def __init__(
        self, given: Mapping[str, Any], mistakes: List[str], place: str = "telemetry", known: Any = None
    ) -> None:
        self._given = given
        self._mistakes = mistakes
        self._place = place
        self._known = Telemetry.__annotations__ if known is None else known

    def refuse_unknown(self) -> None:
        for name in self._given:
            if name not in self._known:
                self._mistakes.append(f"{self._place}.{name} is not a setting{_did_you_mean(name, self._known)}")

    def flag(self, name: str, default: bool) -> bool:
        value = self._given.get(name, default)
        if isinstance(value, bool):
            return value
        self._refuse(name, "True or False", value)
        return default

    def whole(self, name: str, default: int, maximum: int) -> int:
        value = self._given.get(name, default)
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= maximum:
            return value
        self._refuse(name, f"a whole number from 1 to {maximum}", value)
        return default

    def seconds(self, name: str, default: float, none_is: Optional[float] = None) -> float:
        value = self._given.get(name, default)
        if value is None and none_is is not None:
            return none_is
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= _WEEK_SECONDS:
            return float(value)
        self._refuse(name, "a number of seconds above 0, at most a week" + (", or None" if none_is else ""), value)
        return default

    def text(self, name: str) -> Optional[str]:
        value = self._given.get(name)
        if value is None or (isinstance(value, str) and value):
            return value
        self._refuse(name, "a string or None", value)
        return None

    def _refuse(self, name: str, expected: str, value: object) -> None:
        self._mistakes.append(f"{self._place}.{name} must be {expected}, not {_shown(value)}")


def _mapping(name: str, value: object, mistakes: List[str]) -> Dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return dict(value)
    mistakes.append(f"{name} must be a mapping with string keys, not {_shown(value)}")
    return {}


def _endpoint(base_url: object, reader: _Reader, enabled: bool, mistakes: List[str]) -> str:
    endpoint = reader.text("endpoint") or DEFAULT_PATH
    if re.match(r"https?://", endpoint, re.IGNORECASE):
        return _checked_url("telemetry.endpoint", endpoint, mistakes)
    if base_url is None:
        base_url = os.environ.get("PROMPTOPS_BASE_URL") or None
    if base_url is None:
        if enabled:
            mistakes.append("base_url is missing; give it, or set PROMPTOPS_BASE_URL")
        return ""
    if not isinstance(base_url, str):
        mistakes.append(f"base_url must be a string, not {_shown(base_url)}")
        return ""
    url = _checked_url("base_url", base_url, mistakes)
    if not endpoint.startswith("/"):
        mistakes.append(
            f"telemetry.endpoint must be an http(s) URL or a path that starts with /, not {_shown(endpoint)}"
        )
    return url.rstrip("/") + endpoint


def _checked_url(name: str, url: str, mistakes: List[str]) -> str:
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_web = False
    if not is_web or re.search(r"[\x00-\x20\x7f-\U0010ffff]", url):
        mistakes.append(f"{name} must be an http:// or https:// URL, not {_shown(url)}")
    elif parts.username is not None or parts.query or parts.fragment:
        mistakes.append(f"{name} must not hold a user name, a query or a fragment; the key travels as api_key")
    return url


def _api_key(given: object, enabled: bool, mistakes: List[str]) -> str:
    key = given if given is not None else os.environ.get("PROMPTOPS_API_KEY")
    if not key:
        if enabled:
            mistakes.append("api_key is missing; give it, or set PROMPTOPS_API_KEY")
        return ""
    # The value itself must not reach a log by way of the message.
    if not isinstance(key, str):
        mistakes.append(f"api_key must be a string, not {type(key).__name__}")
        return ""
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        mistakes.append("api_key holds a space, a line break or a character outside ASCII")
    return key


def _did_you_mean(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"
