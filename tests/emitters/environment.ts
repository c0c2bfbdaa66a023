import type { Emitter } from './emitters.ts';

export interface Addresses {
  collectorUrl: string;
  apiKey: string;
  /** Base address of the stub server for this run. */
  stubUrl: string;
}

/** What points any OpenTelemetry SDK at the collector; the guides show the same. */
export function exporterEnvironment({
  collectorUrl,
  apiKey,
}: Omit<Addresses, 'stubUrl'>): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
    OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer%20${apiKey}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
  };
}

/** The environment of a driver: nothing of ours but where to send, and where the models are. */
export function driverEnvironment(emitter: Emitter, addresses: Addresses): Record<string, string> {
  const { collectorUrl, apiKey, stubUrl } = addresses;
  const filled = Object.entries(emitter.env ?? {}).map(([name, value]) => [
    name,
    value.replace('$COLLECTOR', collectorUrl).replace('$KEY', apiKey).replace('$STUB', stubUrl),
  ]);
  return {
    ...exporterEnvironment(addresses),
    OTEL_SERVICE_NAME: emitter.name,
    OPENAI_API_KEY: 'sk-stub',
    OPENAI_BASE_URL: `${stubUrl}/v1`,
    ANTHROPIC_API_KEY: 'sk-stub',
    ANTHROPIC_BASE_URL: stubUrl,
    ...(Object.fromEntries(filled) as Record<string, string>),
  };
}
