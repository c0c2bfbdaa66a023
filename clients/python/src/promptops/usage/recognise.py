"""Finds the usage in an answer or in one piece of a stream, and tells whose format it is."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from .reading import as_node, count, get, has_null, holds_count, text

OPENAI, ANTHROPIC, GEMINI = "openai", "anthropic", "gemini"


class Located(NamedTuple):
    """`usage` is None when the piece of the stream has none; `holder` has the model and the service tier."""

    kind: str
    usage: Any
    holder: Any


def locate(answer: Any) -> Optional[Located]:
    """Recognises answers and stream events of OpenAI, Anthropic and Gemini, and bare usage objects; else None."""
    answer = as_node(answer)
    # OpenAI's Responses events carry the answer as .response, Anthropic's message_start as .message.
    holders = [holder for holder in (answer, get(answer, "response"), get(answer, "message")) if holder is not None]
    for holder in holders:
        for name in ("usage", "usage_metadata", "usageMetadata"):
            usage = get(holder, name)
            kind = None if usage is None else _kind_of_usage(usage, answer, holder)
            if kind is not None:
                return Located(kind, usage, holder)
    for holder in holders:
        kind = _kind_of_holder(holder)
        if kind is not None:
            return Located(kind, None, holder)
    kind = _kind_of_usage(answer, None, None)
    return None if kind is None else Located(kind, answer, None)


def _kind_of_usage(usage: Any, answer: Any, holder: Any) -> Optional[str]:
    if holds_count(usage, "prompt_token_count", "promptTokenCount", "total_token_count", "totalTokenCount"):
        return GEMINI
    if holds_count(usage, "prompt_tokens", "completion_tokens"):
        return OPENAI
    if not holds_count(usage, "input_tokens", "output_tokens"):
        return None
    # Anthropic and OpenAI's Responses share these two names, and mean different things by the first.
    if (
        _says_anthropic(usage)
        or (text(answer, "type") or "").startswith("message")
        or text(holder, "type") == "message"
    ):
        return ANTHROPIC
    # With none of the marks of either there is no cache to count in or out, so both read the same.
    return OPENAI


def _says_anthropic(usage: Any) -> bool:
    names = ("cache_creation_input_tokens", "cache_read_input_tokens")
    creation = get(usage, "cache_creation")
    return any(count(usage, name) is not None or has_null(usage, name) for name in names) or holds_count(
        creation, "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"
    )


def _kind_of_holder(holder: Any) -> Optional[str]:
    kind = text(holder, "object") or ""
    if kind.startswith(("chat.completion", "text_completion", "response")):
        return OPENAI
    if text(holder, "type") == "message" and text(holder, "role") == "assistant" and text(holder, "model"):
        return ANTHROPIC
    if text(holder, "model_version", "modelVersion"):
        return GEMINI
    return None
