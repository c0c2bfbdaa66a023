"""Gemini's usage metadata, in the spelling of the SDK (`prompt_token_count`) and of the REST API (`promptTokenCount`).

The prompt count includes cached content; what tools put into the prompt comes on top of it; the candidates' count EXCLUDES
thoughts. The total is the sum of prompt, tool use, candidates and thoughts. Read in google-genai 3.4 (types.py,
GenerateContentResponseUsageMetadata; UsageMetadata of the Live API says response for candidates).
"""

from __future__ import annotations

from typing import Any, Dict, Optional

from .reading import count


def read_gemini(usage: Any) -> Dict[str, Any]:
    prompt = count(usage, "prompt_token_count", "promptTokenCount")
    tool_use = count(usage, "tool_use_prompt_token_count", "toolUsePromptTokenCount")
    thoughts = count(usage, "thoughts_token_count", "thoughtsTokenCount")
    input_tokens = None if prompt is None else prompt + (tool_use or 0)
    return {
        "input_tokens": input_tokens,
        "cache_read_tokens": count(usage, "cached_content_token_count", "cachedContentTokenCount"),
        "output_tokens": _output(usage, input_tokens, thoughts),
        "reasoning_tokens": thoughts,
    }


def _output(usage: Any, input_tokens: Optional[int], thoughts: Optional[int]) -> Optional[int]:
    candidates = count(
        usage, "candidates_token_count", "candidatesTokenCount", "response_token_count", "responseTokenCount"
    )
    if candidates is not None:
        return candidates + (thoughts or 0)
    # The API leaves out zeros and what it has not counted yet, so an absent count is no 0. The total may still tell.
    total = count(usage, "total_token_count", "totalTokenCount")
    if total is not None and input_tokens is not None and total > input_tokens + (thoughts or 0):
        return total - input_tokens
    return thoughts
