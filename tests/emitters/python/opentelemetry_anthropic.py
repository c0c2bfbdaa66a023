"""Anthropic's SDK, which makes spans by itself as soon as there is a tracer provider."""

# guide: begin
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
# guide: end

from anthropic import Anthropic

from model_calls import anthropic_calls

anthropic_calls(Anthropic(max_retries=0))
