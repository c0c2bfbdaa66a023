"""The client that an application holds: records events, tracks calls, flushes."""

from __future__ import annotations

import asyncio
import functools
import inspect
import math
import time
import weakref
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Callable, Dict, Optional, Type, TypeVar, Union, cast, overload

from .budget import BudgetGuard, BudgetScope
from .config import ClientConfig
from .event_queue import Stats
from .notices import Notifier, logger
from .sender import FlushResult, Sender
from .tracked import tracked as tracked_function
from .tracking import Call

Function = TypeVar("Function", bound=Callable[..., Any])
_WEEK_SECONDS = 7 * 24 * 3600.0


class PromptOpsClient:
    """Records LLM calls for PromptOps Analytics.

        client = PromptOpsClient(ClientConfig(base_url="https://promptops.example.com", api_key="po_…"))
        client.record(model_provider="openai", model_name="gpt-4o", input_tokens=1200, output_tokens=310)

    One client for a process, shared by all its threads and event loops. Recording is a few microseconds on the caller's
    thread; encoding, compression and sending happen on one daemon thread, which starts with the first event, also in forked
    children. Delivery is at least once with the same event ids, so that the collector counts each event once.

    Usable as it is; as a context manager (`with`, `async with`) it shuts down at the end of the block. When the process ends,
    what waits is flushed within `shutdown_timeout`.
    """

    def __init__(self, config: Optional[ClientConfig] = None) -> None:
        """Without `config`, the environment gives it all (PROMPTOPS_BASE_URL, PROMPTOPS_API_KEY). Does no I/O.

        Raises ValueError when the configuration is not complete and right.
        """
        self.config = ClientConfig() if config is None else config
        settings = self.config.settings
        self._enabled = settings.enabled
        self._defaults: Dict[str, Any] = dict(self.config.defaults or {})
        metadata = self._defaults.get("metadata")
        self._default_metadata: Dict[str, Any] = dict(metadata) if isinstance(metadata, Mapping) else {}
        self._timeout = settings.shutdown_timeout
        self._sender = Sender(settings, Notifier(self.config.on_drop, self.config.on_error))
        #: Asks the collector whether its budgets allow a call; only when used.
        self.budget = BudgetGuard(settings.budget, settings.api_key, settings.ca_file, self._defaults)
        # A client that is let go must not keep its thread for ever.
        weakref.finalize(self, self._sender.abandon).atexit = False

    def initialize(self) -> PromptOpsClient:
        """Starts the sending thread now instead of with the first event. May be called any number of times, or never.

        Not before a server forks its workers; they start theirs themselves.
        """
        if self._enabled:
            self._sender.start()
        return self

    def record(self, event: Optional[Mapping[str, Any]] = None, **fields: Any) -> bool:
        """Records one LLM call: a mapping of event fields, keyword fields, or both (these win).

        Required are `model_provider` and `model_name`. The others: `event_id` (default: a new UUID version 7), `timestamp`
        (when the call started; default: now; a datetime, where one without a zone is UTC, Unix seconds, or an RFC 3339
        string), `project_id`, `prompt_id`, `prompt_version`, `endpoint`, `service_tier`, `environment`, `user_id`,
        `session_id`, `stream`; token counts `input_tokens` (cached ones included), `cache_read_tokens`,
        `cache_write_5m_tokens`, `cache_write_1h_tokens`, `output_tokens` (reasoning included), `reasoning_tokens`,
        `tokens_requested`; milliseconds `response_time_ms`, `time_to_first_token_ms`; `status` ("success" or "error"),
        `status_code`, `error_type`; `cache_hit`, `cost_usd` (Decimal, number or decimal string), `metadata` (a mapping;
        keys of `defaults["metadata"]` that it lacks are added). None and "" mean 'not known'.

        Returns whether the event was queued: False when it was dropped, or the client is disabled. Never raises, does no I/O
        and never waits for the collector. Checking is the collector's: it names wrong fields to `on_error`.
        """
        try:
            if event is None:
                return self._put(fields, time.time_ns())
            if not isinstance(event, Mapping):
                return self._refuse(f"an event is a mapping of fields, not a {type(event).__name__}")
            return self._put({**event, **fields}, time.time_ns())
        except Exception as error:
            return self._refuse(f"{type(error).__name__} while reading an event")

    def track(self, **fields: Any) -> Call:
        """Returns a context manager, sync and async, that times one LLM call and records it at its end. Never raises.

        with client.track(model_provider="openai", model_name="gpt-4o", prompt_id="summarise-order") as call:
            answer = openai.chat.completions.create(…)
            call.usage(answer)
        """
        return Call(self._put, fields)

    @overload
    def tracked(self, function: Function, /) -> Function: ...

    @overload
    def tracked(self, /, **fields: Any) -> Callable[[Function], Function]: ...

    def tracked(
        self, function: Optional[Function] = None, /, **fields: Any
    ) -> Union[Function, Callable[[Function], Function]]:
        """Decorates a function that makes one LLM call: plain or async, or a generator of either kind.

        Each call is timed and recorded with `fields`; usage is read from the answer that is returned, or from the pieces of
        the stream that is returned or yielded. Exceptions go on unchanged.
        """

        def decorate(wrapped: Function) -> Function:
            return tracked_function(wrapped, lambda: Call(self._put, fields))

        return decorate if function is None else decorate(function)

    @overload
    def serverless_handler(self, handler: Function, /, *, timeout: float = 2.0) -> Function: ...

    @overload
    def serverless_handler(self, /, *, timeout: float = 2.0) -> Callable[[Function], Function]: ...

    def serverless_handler(
        self, handler: Optional[Function] = None, /, *, timeout: float = 2.0
    ) -> Union[Function, Callable[[Function], Function]]:
        """Decorates a function handler (AWS Lambda, Cloud Functions; plain or async): flushes before it returns or raises.

        `timeout`: seconds that the flush may take at most. What could not be sent waits for the next invocation.
        """

        def decorate(wrapped: Function) -> Function:
            if inspect.iscoroutinefunction(wrapped):

                async def async_wrapper(*args: Any, **kwargs: Any) -> Any:
                    try:
                        return await wrapped(*args, **kwargs)
                    finally:
                        await self.aflush(timeout)

                return cast(Function, functools.wraps(wrapped)(async_wrapper))

            def wrapper(*args: Any, **kwargs: Any) -> Any:
                try:
                    return wrapped(*args, **kwargs)
                finally:
                    self.flush(timeout)

            return cast(Function, functools.wraps(wrapped)(wrapper))

        return decorate if handler is None else decorate(handler)

    def with_budget(self, **fields: Any) -> BudgetScope:
        """Lets a block or a function run if the budgets that a call with these fields counts towards allow it.

        with client.with_budget(user_id="u-17"):
            answer = openai.chat.completions.create(…)

        Also `async with`, and a decorator of plain and async functions. Raises BudgetExceeded before the block is entered
        where a budget blocks and the mode is "block" (see `BudgetConfig`). A collector that is slow or away stops no call.
        """
        return BudgetScope(self.budget, fields)

    def stats(self) -> Stats:
        """Counts since the process started (a forked child starts at 0); see `Stats`."""
        return self._sender.stats()

    def flush(self, timeout: Optional[float] = 10.0) -> FlushResult:
        """Sends what was recorded before, and waits for the answers, `timeout` seconds at most (None: a week).

        Returns what it achieved; `remaining` events stay queued and are sent later. Never raises.
        """
        return self._sender.flush(_seconds(timeout, _WEEK_SECONDS))

    def shutdown(self, timeout: Optional[float] = None) -> FlushResult:
        """Flushes, then stops for good: later events are dropped, and so is what is left after `timeout` seconds.

        Default: `shutdown_timeout`. May be called again. Never raises.
        """
        self.budget.close()
        return self._sender.shutdown(_seconds(timeout, self._timeout))

    async def aflush(self, timeout: Optional[float] = 10.0) -> FlushResult:
        """Like `flush`, without blocking the event loop."""
        return await asyncio.get_running_loop().run_in_executor(None, self.flush, timeout)

    async def ashutdown(self, timeout: Optional[float] = None) -> FlushResult:
        """Like `shutdown`, without blocking the event loop."""
        return await asyncio.get_running_loop().run_in_executor(None, self.shutdown, timeout)

    def __enter__(self) -> PromptOpsClient:
        return self.initialize()

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.shutdown()

    async def __aenter__(self) -> PromptOpsClient:
        return self.initialize()

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        await self.ashutdown()

    def _put(self, fields: Dict[str, Any], now_ns: int) -> bool:
        """Queues an event that belongs to the client from here on. `now_ns` is its timestamp unless it has its own."""
        if not self._enabled:
            return False
        event = {**self._defaults, **fields} if self._defaults else fields
        metadata = event.get("metadata")
        if type(metadata) is dict or isinstance(metadata, Mapping):
            # A copy, for the caller may go on changing its own.
            event["metadata"] = {**self._default_metadata, **metadata}
        return self._sender.put((now_ns, event))

    def _refuse(self, detail: str) -> bool:
        try:
            self._sender.refuse(detail)
        except Exception:
            logger.exception("an event could not be counted")
        return False


def _seconds(timeout: object, default: float) -> float:
    """A timeout that can be waited for, whatever was given: flushing does not raise."""
    if isinstance(timeout, (int, float)) and not math.isnan(timeout):
        return min(max(0.0, float(timeout)), _WEEK_SECONDS)
    return default
