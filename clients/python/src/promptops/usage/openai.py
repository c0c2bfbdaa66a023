"""OpenAI's usage, and that of the many services that speak its format.

Chat Completions, embeddings: `prompt_tokens` (with `prompt_tokens_details.cached_tokens` a part of it) and
`completion_tokens` (with `completion_tokens_details.reasoning_tokens` a part of it). Responses: `input_tokens`,
`input_tokens_details.cached_tokens`, `output_tokens`, `output_tokens_details.reasoning_tokens`. Both count as events do.
Read in openai-python 3.54 (types/completion_usage.py, types/responses/response_usage.py).
"""

from __future__ import annotations

from typing import Any, Dict, Optional

from .reading import count, get


def read_openai(usage: Any) -> Dict[str, Any]:
    inputs = get(usage, "prompt_tokens_details") or get(usage, "input_tokens_details")
    outputs = get(usage, "completion_tokens_details") or get(usage, "output_tokens_details")
    input_tokens = count(usage, "prompt_tokens", "input_tokens")
    output_tokens = count(usage, "completion_tokens", "output_tokens")
    reasoning = count(outputs, "reasoning_tokens")
    cached = count(inputs, "cached_tokens")
    if cached is None:
        # DeepSeek's own name for it.
        cached = count(usage, "prompt_cache_hit_tokens")
    return {
        "input_tokens": input_tokens,
        "cache_read_tokens": cached,
        # Written under the default retention; LiteLLM calls it cache_creation_tokens.
        "cache_write_5m_tokens": count(inputs, "cache_write_tokens", "cache_creation_tokens"),
        "output_tokens": _with_reasoning(usage, input_tokens, output_tokens, reasoning),
        "reasoning_tokens": reasoning,
    }


def _with_reasoning(
    usage: Any, input_tokens: Optional[int], output_tokens: Optional[int], reasoning: Optional[int]
) -> Optional[int]:
    """xAI leaves reasoning out of completion_tokens; then the total tells, or more reasoning than output does."""
    if output_tokens is None or not reasoning:
        return output_tokens
    total = count(usage, "total_tokens")
    left_out = total is not None and input_tokens is not None and total == input_tokens + output_tokens + reasoning
    return output_tokens + reasoning if left_out or reasoning > output_tokens else output_tokens
