/** What `record()` costs its caller: `node bench/record.ts`. Batches are sent to a server in the same process meanwhile. */
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { PromptOpsClient } from '../src/index.ts';

const CALLS = 200_000;
const BURST = 100;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const { events } = JSON.parse(plain.toString()) as { events: unknown[] };
    response.end(JSON.stringify({ accepted: events.length, duplicate: 0, rejected: 0 }));
  });
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = server.address();
const port = typeof address === 'object' && address ? address.port : 0;
const client = new PromptOpsClient({
  baseUrl: `http://127.0.0.1:${port}`,
  apiKey: 'bench',
  onDrop: () => undefined,
});
await client.initialize();

const nanoseconds = new Float64Array(CALLS);
for (let call = 0; call < CALLS; call += 1) {
  const event = {
    model_provider: 'openai',
    model_name: 'gpt-4o',
    prompt_id: 'summarise-order',
    user_id: `u-${call % 1000}`,
    input_tokens: 1200,
    cache_read_tokens: 900,
    output_tokens: 310,
    response_time_ms: 1840.5,
    status: 'success' as const,
    metadata: { team: 'search' },
  };
  const started = process.hrtime.bigint();
  client.record(event);
  nanoseconds[call] = Number(process.hrtime.bigint() - started);
  // Lets the delivery have its turn, as an application does between its calls.
  if (call % BURST === BURST - 1) await new Promise((resolve) => setImmediate(resolve));
  // Nothing is dropped: that is the cheaper way, and not the one to measure.
  if (client.stats().queued > 5000) await client.flush();
}
nanoseconds.sort();
const at = (share: number) => `${((nanoseconds[Math.floor(CALLS * share)] ?? 0) / 1000).toFixed(2)} µs`;
console.log(`record(), ${CALLS} calls: p50 ${at(0.5)}  p99 ${at(0.99)}  p99.9 ${at(0.999)}`);
console.log(JSON.stringify(client.stats()));
await client.shutdown();
server.close();
