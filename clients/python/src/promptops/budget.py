"""The opt-in guard: asks the collector, before a call, whether its budgets allow it."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any, Callable, Deque, FrozenSet, List, NamedTuple, Optional, Set, Tuple, TypedDict, TypeVar, cast
from urllib.parse import urlencode

from .budget_verdict import BudgetExceeded, BudgetState, BudgetVerdict, read_verdict
from .notices import logger
from .transport import HttpTransport, TransportError

BUDGET_PATH = "/v1/analytics/budgets/check"
Function = TypeVar("Function", bound=Callable[..., Any])

#: The fields that budgets can be about, beside those of `metadata`.
_MEMBERS = (
    "project_id",
    "prompt_id",
    "prompt_version",
    "endpoint",
    "model_provider",
    "model_name",
    "environment",
    "user_id",
    "session_id",
    "service_tier",
    "stream",
)
_REQUEST_TIMEOUT = 5.0
#: An answer that could not be renewed decides for so long.
_MAX_STALE = 60.0
_MAX_KEYS = 1000
_MAX_FIRST_TAGS = 20
#: Of `metadata.` and a key; no budget can be about a longer one.
_MAX_NAME_LENGTH = 109

Members = Tuple[Tuple[str, str], ...]


class BudgetConfig(TypedDict, total=False):
    """The `budget` settings. Times are seconds.

    mode: "warn" (default) lets every call go and tells; "block" raises `BudgetExceeded` where a budget blocks.
    timeout: longest time that a call waits for the collector; after it, the call goes. Default 0.05.
    cache: how long an answer is used. Default 5.
    on_warning: called with a `BudgetState` and the `BudgetVerdict` when a budget warns, or blocks in the mode "warn".
        Default: the log `promptops`, once a budget and period.
    """

    mode: str
    timeout: float
    cache: float
    on_warning: Callable[[BudgetState, BudgetVerdict], object]


class BudgetSettings(NamedTuple):
    """The budget settings after checking. `endpoint` is "" where there is no collector to ask."""

    endpoint: str
    mode: str
    timeout: float
    cache: float
    on_warning: Optional[Callable[[BudgetState, BudgetVerdict], object]]


class BudgetStats(NamedTuple):
    """What became of the questions.

    checks: calls that were asked about. requests: to the collector. failed_open: checks that were let go because nothing
    (recent) was known. warned: guarded calls that a budget warned about. blocked: guarded calls that were not made.
    """

    checks: int
    requests: int
    failed_open: int
    warned: int
    blocked: int


class _Entry:
    """What is known of one kind of call. Guarded by the lock of its guard, but for `done`."""

    def __init__(self) -> None:
        self.verdict: Optional[BudgetVerdict] = None
        self.read_at = -_MAX_STALE
        self.fresh_until = 0.0
        self.asked_at = 0.0
        self.done: Optional[threading.Event] = None
        self.failure: Optional[str] = None


class BudgetGuard:
    """Asks whether budgets allow a call. Answers are kept for some seconds, and asked for on a thread of the guard's own.

    A collector that is slow, away or confused never holds up a call for longer than `timeout`, and never stops one.
    For several threads at once.
    """

    def __init__(
        self, settings: BudgetSettings, api_key: str, ca_file: Optional[str], defaults: Optional[Mapping[str, Any]]
    ) -> None:
        self._settings = settings
        self._api_key = api_key
        self._ca_file = ca_file
        self._defaults = dict(defaults or {})
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._entries: OrderedDict[Members, _Entry] = OrderedDict()
        self._waiting: Deque[Tuple[Members, _Entry]] = deque()
        self._is_working = False
        self._transport: Optional[HttpTransport] = None
        self._away_until = 0.0
        self._away: Optional[str] = None
        self._dimensions: Optional[FrozenSet[str]] = None
        self._told: Set[Tuple[int, str, Optional[str]]] = set()
        self._checks = self._requests = self._failed_open = self._warned = self._blocked = 0

    def check(self, call: Optional[Mapping[str, Any]] = None, **fields: Any) -> BudgetVerdict:
        """What the budgets say about a call with these fields (those of an event; the client's `defaults` are added).

        Never raises, and takes `timeout` at most. In asyncio use `acheck`.
        """
        try:
            if self._pid != os.getpid():
                # A forked child has none of its parent's threads, and must not use its connection.
                if self._transport is not None:
                    self._transport.forget()
                self._start_afresh()
            verdict = self._verdict_of(self._members({**self._defaults, **(call or {}), **fields}))
        except Exception as error:
            logger.debug("a budget could not be asked", exc_info=True)
            verdict = _unknown(f"{type(error).__name__}: {error}")
        with self._lock:
            self._checks += 1
            self._failed_open += not verdict.known
        return verdict

    def guard(self, call: Optional[Mapping[str, Any]] = None, **fields: Any) -> BudgetVerdict:
        """Checks a call and acts by the mode: tells of budgets that warn.

        Raises BudgetExceeded where a budget blocks, in the mode "block" only.
        """
        return self._act(self.check(call, **fields))

    async def acheck(self, call: Optional[Mapping[str, Any]] = None, **fields: Any) -> BudgetVerdict:
        """Like `check`, without blocking the event loop."""
        return await asyncio.get_running_loop().run_in_executor(None, functools.partial(self.check, call, **fields))

    async def aguard(self, call: Optional[Mapping[str, Any]] = None, **fields: Any) -> BudgetVerdict:
        """Like `guard`, without blocking the event loop."""
        return self._act(await self.acheck(call, **fields))

    def stats(self) -> BudgetStats:
        with self._lock:
            return BudgetStats(self._checks, self._requests, self._failed_open, self._warned, self._blocked)

    def close(self) -> None:
        """Ends the connection that waits for the next question. A later check opens another."""
        with self._lock:
            if self._transport is not None and not self._is_working and self._pid == os.getpid():
                self._transport.close()
                self._transport = None

    def _act(self, verdict: BudgetVerdict) -> BudgetVerdict:
        concerned = [budget for budget in verdict.budgets if budget.decision != "allow"]
        if verdict.decision == "allow" or not concerned:
            return verdict
        blocking = [budget for budget in concerned if budget.decision == "block"]
        if blocking and self._settings.mode == "block":
            with self._lock:
                self._blocked += 1
            raise BudgetExceeded(blocking[0], verdict.as_of)
        with self._lock:
            self._warned += 1
        for budget in concerned:
            self._warn(budget, verdict)
        return verdict

    def _warn(self, budget: BudgetState, verdict: BudgetVerdict) -> None:
        if self._settings.on_warning is not None:
            try:
                self._settings.on_warning(budget, verdict)
            except Exception:
                logger.exception("the on_warning callback raised")
            return
        key = (budget.budget_id, budget.decision, budget.resets_at)
        with self._lock:
            if key in self._told:
                return
            if len(self._told) >= _MAX_KEYS:
                self._told.clear()
            self._told.add(key)
        logger.warning("%s", budget.describe(verdict.as_of))

    def _verdict_of(self, members: Members) -> BudgetVerdict:
        if not self._settings.endpoint:
            return _unknown("there is no base_url to ask")
        with self._lock:
            entry = self._entries.get(members)
            if entry is None:
                if len(self._entries) >= _MAX_KEYS:
                    self._entries.popitem(last=False)
                entry = self._entries[members] = _Entry()
            now = time.monotonic()
            if now >= entry.fresh_until and now >= self._away_until and entry.done is None:
                self._ask(members, entry, now)
            # Those who come while a question is overdue do not wait for it all over again.
            done, patience = entry.done, entry.asked_at + self._settings.timeout - now
        if done is not None and patience > 0:
            done.wait(patience)
        with self._lock:
            verdict, failure = entry.verdict, entry.failure or self._away
            is_recent = time.monotonic() - entry.read_at <= max(_MAX_STALE, self._settings.cache)
        if verdict is None or not is_recent:
            return _unknown(failure or f"the collector did not answer within {self._settings.timeout:g} s")
        return _without_ended(verdict)

    def _ask(self, members: Members, entry: _Entry, now: float) -> None:
        """Hands a question to the thread that asks; with the lock held."""
        entry.done, entry.asked_at = threading.Event(), now
        self._waiting.append((members, entry))
        if not self._is_working:
            self._is_working = True
            try:
                threading.Thread(target=self._work, name="promptops-budget", daemon=True).start()
            except RuntimeError:  # no more threads, or the interpreter is ending
                self._is_working = False
                self._waiting.pop()
                entry.done = None
                raise

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._is_working = False
                    return
                members, entry = self._waiting.popleft()
                if time.monotonic() < self._away_until:
                    # Asked before the collector turned out to be away.
                    self._settle(entry, None, None)
                    continue
                self._requests += 1
            asked_at = time.monotonic()
            verdict, failure, is_away = self._request(members)
            with self._lock:
                if verdict is not None:
                    entry.read_at = asked_at
                    if verdict.known:
                        self._dimensions = verdict.dimensions
                # Not asked again before every call, about anything.
                self._away = failure if is_away else None
                self._away_until = time.monotonic() + self._settings.cache if is_away else 0.0
                self._settle(entry, verdict, failure)

    def _settle(self, entry: _Entry, verdict: Optional[BudgetVerdict], failure: Optional[str]) -> None:
        entry.verdict = verdict or entry.verdict
        entry.failure = failure
        entry.fresh_until = time.monotonic() + self._settings.cache
        done, entry.done = entry.done, None
        if done is not None:
            done.set()

    def _request(self, members: Members) -> Tuple[Optional[BudgetVerdict], Optional[str], bool]:
        """The verdict, or why there is none and whether the collector gave no answer at all. Never raises."""
        try:
            if self._transport is None:
                self._transport = HttpTransport(self._settings.endpoint, self._api_key, self._ca_file)
            query = urlencode(members)
            try:
                answer = self._transport.get(query, _REQUEST_TIMEOUT)
            except TransportError as error:
                if not error.stale:
                    raise
                answer = self._transport.get(query, _REQUEST_TIMEOUT)
        except Exception as error:
            return None, str(error) or type(error).__name__, True
        if answer.status != 200:
            return None, f"HTTP {answer.status} {answer.reason}", False
        verdict = read_verdict(answer.body)
        return verdict, None if verdict is not None else "the answer is not that of a collector", False

    def _members(self, fields: Mapping[str, Any]) -> Members:
        dimensions = self._dimensions
        metadata = fields.get("metadata")
        tags: List[Tuple[str, Any]] = []
        if isinstance(metadata, Mapping):
            tags = [(f"metadata.{name}", value) for name, value in metadata.items()]
        if dimensions is None:
            # The first question asks with all fields; a URL that a server refuses would be no question.
            tags = tags[:_MAX_FIRST_TAGS]
        given = [(name, fields.get(name)) for name in _MEMBERS] + tags
        return tuple(
            sorted(
                (name, _text(value)[:500])
                for name, value in given
                if isinstance(value, (str, int, float))
                and value != ""
                and (name in dimensions if dimensions is not None else len(name) <= _MAX_NAME_LENGTH)
            )
        )


class BudgetScope:
    """Guards a block (`with`, `async with`) or a function (as a decorator, plain or async): see `PromptOpsClient.with_budget`."""

    def __init__(self, guard: BudgetGuard, fields: Mapping[str, Any]) -> None:
        self._guard = guard
        self._fields = fields

    def __enter__(self) -> BudgetVerdict:
        return self._guard.guard(self._fields)

    def __exit__(self, *_: object) -> None:
        pass

    async def __aenter__(self) -> BudgetVerdict:
        return await self._guard.aguard(self._fields)

    async def __aexit__(self, *_: object) -> None:
        pass

    def __call__(self, function: Function) -> Function:
        if inspect.iscoroutinefunction(function):

            async def async_wrapper(*args: Any, **kwargs: Any) -> Any:
                await self._guard.aguard(self._fields)
                return await function(*args, **kwargs)

            return cast(Function, functools.wraps(function)(async_wrapper))

        def wrapper(*args: Any, **kwargs: Any) -> Any:
            self._guard.guard(self._fields)
            return function(*args, **kwargs)

        return cast(Function, functools.wraps(function)(wrapper))


def _unknown(reason: str) -> BudgetVerdict:
    return BudgetVerdict(decision="allow", known=False, reason=reason)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _without_ended(verdict: BudgetVerdict) -> BudgetVerdict:
    """What a verdict says after a budget's period has ended: about that budget, nothing."""
    budgets = tuple(budget for budget in verdict.budgets if not _has_ended(budget))
    if len(budgets) == len(verdict.budgets):
        return verdict
    decisions = {budget.decision for budget in budgets}
    decision = next((one for one in ("block", "warn") if one in decisions), "allow")
    return replace(verdict, budgets=budgets, decision=decision)


def _has_ended(budget: BudgetState) -> bool:
    if budget.resets_at is None:
        return False
    try:
        # Python 3.9 and 3.10 do not read the Z.
        return datetime.fromisoformat(budget.resets_at.replace("Z", "+00:00")) <= datetime.now(timezone.utc)
    except (ValueError, TypeError):
        return False
