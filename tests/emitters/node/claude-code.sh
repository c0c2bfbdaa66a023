export CLAUDE_CODE_ENABLE_TELEMETRY=1
export OTEL_LOGS_EXPORTER=otlp
export OTEL_METRICS_EXPORTER=otlp
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:8080
export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer $PROMPTOPS_API_KEY"
export OTEL_RESOURCE_ATTRIBUTES="promptops.project.id=engineering,deployment.environment.name=workstation"
