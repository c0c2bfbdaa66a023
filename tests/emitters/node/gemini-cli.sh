export GEMINI_TELEMETRY_ENABLED=true
export GEMINI_TELEMETRY_TARGET=local
export GEMINI_TELEMETRY_OTLP_PROTOCOL=http
export GEMINI_TELEMETRY_OTLP_ENDPOINT=http://127.0.0.1:8080
export GEMINI_TELEMETRY_LOG_PROMPTS=false
export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20$PROMPTOPS_API_KEY"
export OTEL_RESOURCE_ATTRIBUTES="promptops.project.id=engineering,deployment.environment.name=workstation"
