"""OpenLLMetry's instrumentations, by Traceloop's SDK."""

# guide: begin
import os

from traceloop.sdk import Traceloop

Traceloop.init(
    app_name="shop",
    api_endpoint=os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"],
    headers={"Authorization": f"Bearer {os.environ['PROMPTOPS_API_KEY']}"},
)
Traceloop.set_association_properties({"user_id": "user-7", "session_id": "session-7"})
# guide: end

from anthropic import Anthropic
from openai import OpenAI

from model_calls import anthropic_calls, openai_calls

openai_calls(OpenAI(max_retries=0))
anthropic_calls(Anthropic(max_retries=0))
