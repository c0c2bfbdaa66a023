/** Vercel AI SDK 7: one registration, then every call is told. */
// guide: begin
import { OpenTelemetry } from '@ai-sdk/otel';
import { createOpenAI } from '@ai-sdk/openai';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { generateText, registerTelemetry } from 'ai';

const sdk = new NodeSDK();
sdk.start();
registerTelemetry(new OpenTelemetry({ usage: true, runtimeContext: true })); // reasoning tokens, users
const openai = createOpenAI();
await generateText({
  model: openai.chat('gpt-4o-mini'),
  prompt: 'What is 2 + 2?',
  runtimeContext: { userId: 'user-7', sessionId: 'session-7' },
  telemetry: { functionId: 'sums', includeRuntimeContext: { userId: true, sessionId: true } },
});
// guide: end
import { createAnthropic } from '@ai-sdk/anthropic';
import { embed, embedMany, streamText } from 'ai';
import process from 'node:process';
import { modelCalls } from './vercel-ai-calls.js';

await modelCalls({
  openai,
  anthropic: createAnthropic({ baseURL: `${process.env['ANTHROPIC_BASE_URL']}/v1` }),
  ai: { generateText, streamText, embed, embedMany },
  telemetry: {},
});
await sdk.shutdown();
