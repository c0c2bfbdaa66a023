/** Sentry's SDK 10 and the Vercel AI SDK, whose spans it renames. */
// guide: begin
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import * as Sentry from '@sentry/node';
import { createRequire } from 'node:module';
import process from 'node:process';

Sentry.init({
  dsn: process.env['SENTRY_DSN'],
  tracesSampleRate: 1,
  integrations: [Sentry.vercelAIIntegration({ force: true })],
  openTelemetrySpanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
});
const require = createRequire(import.meta.url);
const { createOpenAI } = require('@ai-sdk/openai');
const { generateText, streamText, embed, embedMany } = require('ai');
// guide: end
const { createAnthropic } = require('@ai-sdk/anthropic');
const { modelCalls } = await import('./vercel-ai-calls.js');

await modelCalls({
  openai: createOpenAI(),
  anthropic: createAnthropic({ baseURL: `${process.env['ANTHROPIC_BASE_URL']}/v1` }),
  ai: { generateText, streamText, embed, embedMany },
  telemetry: {
    experimental_telemetry: { isEnabled: true, metadata: { userId: 'user-7', sessionId: 'session-7' } },
  },
});
await Sentry.close(5000);
