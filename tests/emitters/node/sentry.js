/** Sentry's SDK 10: its integrations of OpenAI, Anthropic and the Vercel AI SDK. They patch what is loaded after `init`. */
// guide: begin
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import * as Sentry from '@sentry/node';
import { createRequire } from 'node:module';
import process from 'node:process';

Sentry.init({
  dsn: process.env['SENTRY_DSN'],
  tracesSampleRate: 1,
  openTelemetrySpanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
});
const require = createRequire(import.meta.url);
const { OpenAI } = require('openai');
// guide: end
const Anthropic = require('@anthropic-ai/sdk');

const client = new OpenAI({ maxRetries: 0 });
const anthropic = new Anthropic({ maxRetries: 0 });
const messages = [{ role: 'user', content: 'What is 2 + 2?' }];
const chat = (body) => client.chat.completions.create({ messages, ...body });
const message = (body) => anthropic.messages.create({ messages, max_tokens: 500, ...body });
const drain = async (stream) => {
  for await (const _chunk of await stream);
};

await chat({ model: 'gpt-4o-mini' });
await chat({ model: 'gpt-4o' });
await chat({ model: 'o3-mini' });
await drain(chat({ model: 'gpt-5-mini', stream: true, stream_options: { include_usage: true } }));
await drain(chat({ model: 'gpt-4o-mini', stream: true }));
await client.embeddings.create({ model: 'text-embedding-3-small', input: 'What is 2 + 2?' });
await client.responses.create({ model: 'gpt-5-mini', input: 'What is 2 + 2?' });
await drain(client.responses.create({ model: 'o3-mini', input: 'What is 2 + 2?', stream: true }));
await message({ model: 'claude-haiku-4-5' });
await message({ model: 'claude-sonnet-4-5' });
await message({ model: 'claude-opus-4-5' });
await drain(message({ model: 'claude-sonnet-4-5', stream: true }));
await anthropic.messages.stream({ model: 'claude-haiku-4-5', max_tokens: 500, messages }).finalMessage();
const refused = (call) =>
  call.then(
    () => {
      throw new Error('The call was answered; it should have been refused.');
    },
    (error) => {
      if (error.status !== 429) throw error;
    },
  );
await refused(chat({ model: 'gpt-4o', messages: [{ role: 'user', content: 'please refuse' }] }));
await refused(message({ model: 'claude-haiku-4-5', messages: [{ role: 'user', content: 'please refuse' }] }));
await Sentry.startSpan({ name: 'a request', op: 'http.server' }, () => chat({ model: 'gpt-4o-mini' }));
await Sentry.close(5000);
