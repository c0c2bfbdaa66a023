/** Vercel AI SDK, versions 5 and 6: telemetry is asked for call by call. */
// guide: begin
import { createOpenAI } from '@ai-sdk/openai';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { generateText } from 'ai';

const sdk = new NodeSDK();
sdk.start();
const openai = createOpenAI();
await generateText({
  model: openai.chat('gpt-4o-mini'),
  prompt: 'What is 2 + 2?',
  experimental_telemetry: {
    isEnabled: true,
    functionId: 'sums',
    metadata: { userId: 'user-7', sessionId: 'session-7', promptName: 'sums', promptVersion: 3 },
  },
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
  telemetry: { experimental_telemetry: { isEnabled: true } },
});
await sdk.shutdown();
