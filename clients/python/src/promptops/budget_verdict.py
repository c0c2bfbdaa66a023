"""What the collector says about its budgets before a call, as values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, FrozenSet, Optional, Tuple

_DECISIONS = ("allow", "warn", "block")


@dataclass(frozen=True)
class BudgetState:
    """A budget that a call counts towards, as the collector last read it.

    `decision` is `allow`, `warn` or `block`; `measure` is `cost`, `requests` or `tokens`. `spent` and `limit` are decimal strings:
    US dollars, or a count. `period_end` is not included; `resets_at` is None for a rolling window, which empties as time goes.
    `is_lower_bound`: calls without a known price come on top of `spent`.
    """

    budget_id: int
    name: str
    decision: str
    measure: str
    spent: str
    limit: str
    percent: float
    period_start: str
    period_end: str
    resets_at: Optional[str]
    is_lower_bound: bool

    def describe(self, as_of: Optional[str]) -> str:
        """One sentence that names budget, spend, limit, window and time."""
        spent, limit = (f"${text}" if self.measure == "cost" else f"{text} {self.measure}" for text in (self.spent, self.limit))
        return (
            f'budget "{self.name}": {"at least " if self.is_lower_bound else ""}{spent} of {limit} spent ({self.percent:.1f} %)'
            f" from {self.period_start} to {self.period_end}, as of {as_of or 'unknown'}"
        )


@dataclass(frozen=True)
class BudgetVerdict:
    """What the budgets say about a call.

    `decision` is the strictest of `budgets`, which come strictest first. `as_of` is when the collector read the figures,
    `stale_seconds` how old they were when it answered. `known` is False when the collector did not answer (in time), or does
    not know itself; then the decision is `allow`, and `reason` says why. `dimensions` is what any budget is filtered by.
    """

    decision: str
    budgets: Tuple[BudgetState, ...] = ()
    as_of: Optional[str] = None
    stale_seconds: Optional[float] = None
    known: bool = True
    reason: Optional[str] = None
    dimensions: FrozenSet[str] = frozenset()


class BudgetExceeded(Exception):
    """A call was not made, since a budget that blocks is used up. `budget` is that budget, the strictest of several."""

    def __init__(self, budget: BudgetState, as_of: Optional[str]) -> None:
        super().__init__(f"the call was not made: {budget.describe(as_of)}")
        self.budget = budget
        self.as_of = as_of

    def __reduce__(self) -> Tuple[Any, ...]:
        # An exception that crosses processes is made again from these, not from its message.
        return (BudgetExceeded, (self.budget, self.as_of))


def read_verdict(body: bytes) -> Optional[BudgetVerdict]:
    """The answer of `GET /v1/analytics/budgets/check`; None when it is none."""
    try:
        answer = json.loads(body)
        if answer["decision"] not in _DECISIONS:
            return None
        budgets = tuple(_budget(budget) for budget in answer["budgets"])
        known = answer["stale"] is not True
        stale_seconds = answer.get("stale_seconds")
        return BudgetVerdict(
            decision=answer["decision"],
            budgets=budgets,
            as_of=_text(answer.get("as_of")),
            stale_seconds=float(stale_seconds) if stale_seconds is not None else None,
            known=known,
            reason=None if known else "the collector has no recent figures",
            dimensions=frozenset(name for name in answer.get("dimensions", ()) if isinstance(name, str)),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _budget(budget: Any) -> BudgetState:
    if budget["decision"] not in _DECISIONS or not isinstance(budget["name"], str):
        raise ValueError("not a budget")
    return BudgetState(
        budget_id=int(budget["budget_id"]),
        name=budget["name"],
        decision=budget["decision"],
        measure=str(budget["measure"]),
        spent=str(budget["spent"]),
        limit=str(budget["limit"]),
        percent=float(budget["percent"]),
        period_start=str(budget["period_start"]),
        period_end=str(budget["period_end"]),
        resets_at=_text(budget.get("resets_at")),
        is_lower_bound=budget.get("is_lower_bound") is True,
    )


def _text(value: Any) -> Optional[str]:
    return value if isinstance(value, str) else None
