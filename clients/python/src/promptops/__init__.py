"""PromptOps Analytics: records what LLM calls cost and how they perform, without slowing the caller.

    from promptops import ClientConfig, PromptOpsClient

    client = PromptOpsClient(ClientConfig(base_url="https://promptops.example.com", api_key="po_…"))

See `PromptOpsClient` for the rest.
"""

from .budget import BudgetConfig, BudgetGuard, BudgetScope, BudgetStats
from .budget_verdict import BudgetExceeded, BudgetState, BudgetVerdict
from .client import PromptOpsClient
from .config import ClientConfig, Telemetry
from .event_queue import Stats
from .notices import DeliveryError, Drop, RejectedEvent
from .sender import FlushResult
from .tracking import Call
from .usage import usage_from, usage_from_anthropic, usage_from_gemini, usage_from_openai
from .version import __version__

__all__ = [
    "BudgetConfig",
    "BudgetExceeded",
    "BudgetGuard",
    "BudgetScope",
    "BudgetState",
    "BudgetStats",
    "BudgetVerdict",
    "Call",
    "ClientConfig",
    "DeliveryError",
    "Drop",
    "FlushResult",
    "PromptOpsClient",
    "RejectedEvent",
    "Stats",
    "Telemetry",
    "__version__",
    "usage_from",
    "usage_from_anthropic",
    "usage_from_gemini",
    "usage_from_openai",
]
