/** OpenTelemetry's own instrumentation of OpenAI's SDK. It has to be registered before `openai` is loaded. */
// guide: begin
import { OpenAIInstrumentation } from '@opentelemetry/instrumentation-openai';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { createRequire } from 'node:module';

const sdk = new NodeSDK({ instrumentations: [new OpenAIInstrumentation()] });
sdk.start();
const { OpenAI } = createRequire(import.meta.url)('openai');
// guide: end

const client = new OpenAI({ maxRetries: 0 });
const messages = [{ role: 'user', content: 'What is 2 + 2?' }];
const chat = (body) => client.chat.completions.create({ messages, ...body });
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
await chat({ model: 'gpt-4o', messages: [{ role: 'user', content: 'please refuse' }] }).then(
  () => {
    throw new Error('The call was answered; it should have been refused.');
  },
  (error) => {
    if (error.status !== 429) throw error;
  },
);
await sdk.shutdown();
