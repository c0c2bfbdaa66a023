"""OpenLLMetry's instrumentations alone, under an OpenTelemetry SDK that is set up by hand."""

# guide: begin
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.anthropic import AnthropicInstrumentor
from opentelemetry.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
OpenAIInstrumentor().instrument()
AnthropicInstrumentor().instrument()
# guide: end

from anthropic import Anthropic
from openai import OpenAI

from model_calls import anthropic_calls, openai_calls

openai_calls(OpenAI(max_retries=0))
anthropic_calls(Anthropic(max_retries=0))
