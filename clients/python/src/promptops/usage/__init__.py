"""Token counts, model and service tier out of what providers answer."""

from .reader import UsageReader, usage_from, usage_from_anthropic, usage_from_gemini, usage_from_openai

__all__ = ["UsageReader", "usage_from", "usage_from_anthropic", "usage_from_gemini", "usage_from_openai"]
