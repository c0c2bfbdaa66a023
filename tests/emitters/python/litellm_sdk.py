"""LiteLLM as a library, with its OpenTelemetry callback."""

# guide: begin
import litellm

litellm.callbacks = ["otel"]
# guide: end

import os

from model_calls import QUESTION, REFUSED, refused

chat = litellm.completion
chat(model="openai/gpt-4o-mini", messages=QUESTION, user="user-1")
chat(model="openai/gpt-4o", messages=QUESTION)
chat(model="openai/o3-mini", messages=QUESTION)
for _ in chat(model="openai/gpt-5-mini", messages=QUESTION, stream=True, stream_options={"include_usage": True}):
    pass
litellm.embedding(model="openai/text-embedding-3-small", input=["What is 2 + 2?"])
litellm.responses(model="openai/gpt-5-mini", input="What is 2 + 2?")
for model in ("claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5"):
    chat(model=f"anthropic/{model}", messages=QUESTION, max_tokens=256, api_base=os.environ["ANTHROPIC_BASE_URL"])
refused(lambda: chat(model="openai/gpt-4o", messages=REFUSED, num_retries=0, max_retries=0))
