/** Drives the JavaScript client for tests/clients.test.ts: a command a line on stdin, an answer a line on stdout. */
import { createInterface } from 'node:readline';
import { PromptOpsClient } from '../../clients/javascript/src/index.ts';

const [baseUrl = '', apiKey = ''] = process.argv.slice(2);
const client = new PromptOpsClient({ baseUrl, apiKey, batchSize: 20, flushIntervalMs: 50 });
await client.initialize();
let recorded = 0;
const answer = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  const [command, argument] = line.trim().split(' ');
  if (command === 'record') {
    for (let index = 0; index < Number(argument); index += 1) {
      client.record({
        model_provider: 'openai',
        model_name: 'gpt-4o',
        user_id: 'javascript',
        input_tokens: 10,
        output_tokens: recorded,
      });
      recorded += 1;
    }
    answer({ recorded });
  } else if (command === 'track') {
    const meta = { model_provider: 'anthropic', model_name: 'claude-sonnet-4-5', user_id: 'tracked' };
    await client
      .track(meta, () => {
        if (argument === 'error')
          throw Object.assign(new Error('the provider did not answer'), { name: 'TimeoutError' });
        return Promise.resolve({
          type: 'message',
          model: 'claude-sonnet-4-5',
          usage: {
            input_tokens: 226,
            cache_read_input_tokens: 4096,
            cache_creation_input_tokens: 0,
            output_tokens: 134,
          },
        });
      })
      .catch(() => undefined);
    answer({ tracked: true });
  } else if (command === 'flush') {
    const { remaining } = await client.flush({ timeoutMs: 60_000 });
    const { dropped, accepted, duplicate, rejected } = client.stats();
    answer({ remaining, dropped, accepted, duplicate, rejected });
  }
}
await client.shutdown();
