"""Anthropic's usage, where `input_tokens` EXCLUDES what was read from or written to the prompt cache.

Read in anthropic-sdk-python 2.12 (types/usage.py, types/message_delta_usage.py). A stream tells it in pieces:
`message_start` has the input, `message_delta` the final output; counts are cumulative, never to be added.
"""

from __future__ import annotations

from typing import Any, Dict

from .reading import count, get


def anthropic_counts(usage: Any) -> Dict[str, int]:
    """The counts that one piece of usage holds, under Anthropic's names."""
    creation = get(usage, "cache_creation")
    found = {
        "input_tokens": count(usage, "input_tokens"),
        "cache_read_input_tokens": count(usage, "cache_read_input_tokens"),
        "cache_creation_input_tokens": count(usage, "cache_creation_input_tokens"),
        "ephemeral_5m_input_tokens": count(creation, "ephemeral_5m_input_tokens"),
        "ephemeral_1h_input_tokens": count(creation, "ephemeral_1h_input_tokens"),
        "output_tokens": count(usage, "output_tokens"),
        "thinking_tokens": count(get(usage, "output_tokens_details"), "thinking_tokens"),
    }
    return {name: value for name, value in found.items() if value is not None}


def read_anthropic(counts: Dict[str, int]) -> Dict[str, Any]:
    """Counts as an event has them: the input with its cached part, writes by lifetime."""
    written_5m = counts.get("ephemeral_5m_input_tokens")
    written_1h = counts.get("ephemeral_1h_input_tokens")
    by_lifetime = (written_5m or 0) + (written_1h or 0)
    written = max(counts.get("cache_creation_input_tokens", 0), by_lifetime)
    remainder = written - by_lifetime
    if remainder or (written_5m is None and "cache_creation_input_tokens" in counts):
        # 5 minutes is the lifetime of what is written without saying so.
        written_5m = (written_5m or 0) + remainder
    uncached = counts.get("input_tokens")
    return {
        "input_tokens": None if uncached is None else uncached + counts.get("cache_read_input_tokens", 0) + written,
        "cache_read_tokens": counts.get("cache_read_input_tokens"),
        "cache_write_5m_tokens": written_5m,
        "cache_write_1h_tokens": written_1h,
        "output_tokens": counts.get("output_tokens"),
        "reasoning_tokens": counts.get("thinking_tokens"),
    }
