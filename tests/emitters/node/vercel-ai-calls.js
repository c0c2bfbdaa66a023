/** The calls of the drivers of the Vercel AI SDK. */

const prompt = 'What is 2 + 2?';

/**
 * @param {object} parts
 * @param {(model: string) => unknown} parts.openai - provider; also its `chat`, `responses` and `embedding`
 * @param {(model: string) => unknown} parts.anthropic - provider
 * @param {object} parts.ai - the functions of the SDK's own version
 * @param {object} parts.telemetry - options that every call gets
 */
export async function modelCalls({ openai, anthropic, ai, telemetry }) {
  const generate = (model, text = prompt) =>
    ai.generateText({ model, prompt: text, maxRetries: 0, ...telemetry });
  const stream = (model) => ai.streamText({ model, prompt, maxRetries: 0, ...telemetry }).consumeStream();

  await generate(openai.chat('gpt-4o'));
  await generate(openai.chat('o3-mini'));
  await generate(openai.responses('gpt-5-mini'));
  await stream(openai.chat('gpt-5-mini'));
  await stream(openai.responses('o3-mini'));
  await generate(anthropic('claude-haiku-4-5'));
  await generate(anthropic('claude-sonnet-4-5'));
  await generate(anthropic('claude-opus-4-5'));
  await stream(anthropic('claude-sonnet-4-5'));
  const embedding = openai.embedding('text-embedding-3-small');
  await ai.embed({ model: embedding, value: prompt, ...telemetry });
  await ai.embedMany({ model: embedding, values: [prompt], ...telemetry });
  await generate(openai.chat('gpt-4o'), 'please refuse').then(
    () => {
      throw new Error('The call was answered; it should have been refused.');
    },
    (error) => {
      if (error.statusCode !== 429) throw error;
    },
  );
}
