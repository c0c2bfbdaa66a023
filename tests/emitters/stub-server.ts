import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerOf } from './stub-answers.ts';
import { usageOf, type BilledCall } from './stub-models.ts';

const APIS: Readonly<Record<string, Pick<BilledCall, 'api' | 'provider'>>> = {
  '/v1/chat/completions': { api: 'chat', provider: 'openai' },
  '/v1/embeddings': { api: 'embeddings', provider: 'openai' },
  '/v1/responses': { api: 'responses', provider: 'openai' },
  '/v1/messages': { api: 'messages', provider: 'anthropic' },
};

/** A user message with these words is answered 429. */
const REFUSE = 'please refuse';

export interface StubServer {
  /** Base address for a run: calls below it are billed to that run. OpenAI's clients want `/v1` behind it. */
  url(run: string): string;
  billed(run: string): BilledCall[];
  close(): Promise<void>;
}

/** A model server that answers as OpenAI and Anthropic do and remembers what it would have billed. Requests that it does not know are 404. */
export async function startStubServer(): Promise<StubServer> {
  const bills = new Map<string, BilledCall[]>();
  const server = createServer((request, response) => {
    answer(request, response, bills).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: String(error), type: 'server_error' } }));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: (run) => `http://127.0.0.1:${port}/${run}`,
    billed: (run) => bills.get(run) ?? [],
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  bills: Map<string, BilledCall[]>,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const [, run = '', path = ''] = /^\/([^/]+)(\/[^?]*)/.exec(request.url ?? '') ?? [];
  const kind = APIS[path];
  if (!kind || request.method !== 'POST') {
    send(response, 404, { error: { message: `no ${path} here` } });
    return;
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const body = JSON.parse(text) as {
    model: string;
    stream?: boolean;
    stream_options?: { include_usage?: boolean };
  };
  const calls = bills.get(run) ?? [];
  bills.set(run, calls);
  const stream = body.stream === true;
  const call: BilledCall = {
    ...kind,
    model: body.model,
    stream,
    failed: text.includes(REFUSE),
    usageSent: !(stream && kind.api === 'chat') || body.stream_options?.include_usage === true,
    usage: usageOf(body.model, calls.length + 1),
  };
  calls.push(call);
  if (call.failed) {
    const error = { type: 'rate_limit_error', code: 'rate_limit_exceeded', message: 'Rate limit reached' };
    // So that no SDK tries again by itself: what its client does inside one call is not in the telemetry.
    response.setHeader('x-should-retry', 'false');
    send(response, 429, { type: 'error', error });
    return;
  }
  const made = answerOf(call, `${run.replaceAll(/\W/g, '')}${calls.length}`);
  if ('json' in made) {
    send(response, 200, made.json);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const { event, data } of made.events) {
    if (event !== undefined) response.write(`event: ${event}\n`);
    response.write(`data: ${data === '[DONE]' ? data : JSON.stringify(data)}\n\n`);
  }
  response.end();
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
