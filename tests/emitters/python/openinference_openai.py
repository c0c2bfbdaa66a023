"""OpenInference (Arize Phoenix)."""

# guide: begin
from openinference.instrumentation import using_attributes
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
OpenAIInstrumentor().instrument(tracer_provider=provider)
# guide: end

from openai import OpenAI

from model_calls import openai_calls

with using_attributes(user_id="user-7", session_id="session-7"):
    openai_calls(OpenAI(max_retries=0))
