"""From answers to the fields of an event."""

from __future__ import annotations

from typing import Any, Dict, Optional

from .anthropic import anthropic_counts, read_anthropic
from .gemini import read_gemini
from .openai import read_openai
from .reading import text
from .recognise import ANTHROPIC, GEMINI, OPENAI, Located, locate


class UsageReader:
    """Reads an answer, or the pieces of one stream in their order: each piece completes what the earlier ones said."""

    def __init__(self) -> None:
        self._anthropic: Dict[str, int] = {}

    def read(self, answer: Any) -> Dict[str, Any]:
        """The fields that are known from this answer (together with the earlier pieces); {} when it is not recognised."""
        located = locate(answer)
        return {} if located is None else self.read_located(located)

    def read_located(self, located: Located) -> Dict[str, Any]:
        kind, usage, holder = located
        fields: Dict[str, Optional[Any]] = {}
        if usage is not None:
            if kind == ANTHROPIC:
                self._anthropic.update(anthropic_counts(usage))
                fields = read_anthropic(self._anthropic)
            else:
                fields = read_gemini(usage) if kind == GEMINI else read_openai(usage)
        fields["model_name"] = (
            text(holder, "model_version", "modelVersion") if kind == GEMINI else text(holder, "model")
        )
        fields["service_tier"] = text(holder, "service_tier") or text(usage, "service_tier", "serviceTier")
        return {name: value for name, value in fields.items() if value is not None}


def usage_from(answer: Any) -> Dict[str, Any]:
    """Reads the usage of an answer of OpenAI, Anthropic or Gemini, whichever it is.

    `answer`: the SDK's object, the decoded JSON, one event of a stream, or the usage part alone.

    Returns the event fields that are known: `input_tokens` (cached ones included), `cache_read_tokens`,
    `cache_write_5m_tokens`, `cache_write_1h_tokens`, `output_tokens` (reasoning included), `reasoning_tokens`, all counts;
    `model_name`, `service_tier`. What the answer does not say is left out, never 0. {} for anything else, mocks included.
    """
    return UsageReader().read(answer)


def usage_from_openai(answer: Any) -> Dict[str, Any]:
    """Like `usage_from`, for what is known to be in OpenAI's format: Chat Completions, Responses, embeddings, and their
    stream events. Its input includes cached tokens."""
    return _read_as(OPENAI, answer)


def usage_from_anthropic(answer: Any) -> Dict[str, Any]:
    """Like `usage_from`, for what is known to be in Anthropic's format: a message, or an event of its stream.

    Anthropic's input leaves cached tokens out; here `input_tokens` is the sum of input, cache reads and cache writes. Writes
    whose lifetime is not told count as 5 minutes."""
    return _read_as(ANTHROPIC, answer)


def usage_from_gemini(answer: Any) -> Dict[str, Any]:
    """Like `usage_from`, for what is known to be in Gemini's format, in snake_case or camelCase.

    `input_tokens` is prompt plus tool-use prompt, `output_tokens` is candidates plus thoughts, `reasoning_tokens` thoughts."""
    return _read_as(GEMINI, answer)


def _read_as(kind: str, answer: Any) -> Dict[str, Any]:
    located = locate(answer)
    if located is None:
        return {}
    return UsageReader().read_located(located._replace(kind=kind))
