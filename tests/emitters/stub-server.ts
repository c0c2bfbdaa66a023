import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerOf } from './stub-answers.ts';
import { usageOf, type BilledCall, type ToolUse } from './stub-models.ts';

type Kind = Pick<BilledCall, 'api' | 'provider'>;

const APIS: Readonly<Record<string, Kind>> = {
  '/v1/chat/completions': { api: 'chat', provider: 'openai' },
  '/v1/embeddings': { api: 'embeddings', provider: 'openai' },
  '/v1/responses': { api: 'responses', provider: 'openai' },
  '/v1/messages': { api: 'messages', provider: 'anthropic' },
};

/** Google's addresses name the model and whether it is a stream. */
const GENERATE_CONTENT = /^\/v1beta\/models\/([^:/]+):(stream)?generateContent$/i;

/** A user message with these words is refused: 429, or 400 by Google, whose clients would try that again for minutes. */
const REFUSE = 'please refuse';
/** And one with these is answered 500 once, and then as any other. */
const STUMBLE = 'please stumble';

/** One with these words is answered by asking for a tool, once: the first of these that the client has. */
const TOOLS: Readonly<Record<string, readonly ToolUse[]>> = {
  'please use a tool': [
    { name: 'Bash', input: { command: 'echo 4', description: 'Says four' } },
    { name: 'exec_command', input: { cmd: 'echo 4' } },
    { name: 'list_directory', input: { dir_path: '.' } },
  ],
  'please use an agent': [
    {
      name: 'Agent',
      input: { description: 'Sums', prompt: 'What is 3 + 3?', subagent_type: 'general-purpose' },
    },
  ],
};
const TOOL_RESULT = /"type":"(?:tool_result|function_call_output)"|"functionResponse":/;

function toolFor(text: string): ToolUse | undefined {
  if (TOOL_RESULT.test(text)) return undefined;
  const [, tools = []] = Object.entries(TOOLS).find(([words]) => text.includes(words)) ?? [];
  return tools.find(({ name }) => text.includes(`"name":"${name}"`));
}

export interface StubServer {
  /** Base address for a run: calls below it are billed to that run. OpenAI's clients want `/v1` behind it. */
  url(run: string): string;
  billed(run: string): BilledCall[];
  close(): Promise<void>;
}

/** A model server that answers as OpenAI, Anthropic and Google do and remembers what it would have billed. Requests that it does not know are 404. */
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
  if (path === '/v1/messages/count_tokens') {
    send(response, 200, { input_tokens: 1000 }); // costs nothing
    return;
  }
  const generate = GENERATE_CONTENT.exec(path);
  const kind: Kind | undefined = generate ? { api: 'generate-content', provider: 'google' } : APIS[path];
  if (!kind || request.method !== 'POST') {
    send(response, 404, { error: { code: 404, message: `no ${path} here`, status: 'NOT_FOUND' } });
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
  const model = generate?.[1] ?? body.model;
  const isStumbling = text.includes(STUMBLE) && !calls.some(({ status }) => status === 500);
  const refused = kind.provider === 'google' ? 400 : 429;
  const status = text.includes(REFUSE) ? refused : isStumbling ? 500 : 200;
  const tool = toolFor(text);
  const stream = body.stream === true || generate?.[2] !== undefined;
  const call: BilledCall = {
    ...kind,
    model,
    stream,
    status,
    failed: status !== 200,
    usageSent: !(stream && kind.api === 'chat') || body.stream_options?.include_usage === true,
    usage: usageOf(model, calls.length + 1),
    ...(tool ? { tool } : {}),
  };
  calls.push(call);
  const id = `${run.replaceAll(/\W/g, '')}${calls.length}`;
  response.setHeader(kind.provider === 'anthropic' ? 'request-id' : 'x-request-id', `req_${id}`);
  if (call.failed) {
    // So that no SDK tries again by itself: what its client does inside one call is not in the telemetry.
    if (!isStumbling) response.setHeader('x-should-retry', 'false');
    send(response, call.status, errorOf(call));
    return;
  }
  const made = answerOf(call, id);
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

function errorOf({ provider, status }: BilledCall): object {
  if (provider === 'google') {
    const name = status === 400 ? 'INVALID_ARGUMENT' : 'INTERNAL';
    return { error: { code: status, message: 'It was asked for.', status: name } };
  }
  const error =
    status === 429
      ? { type: 'rate_limit_error', code: 'rate_limit_exceeded', message: 'Rate limit reached' }
      : { type: 'api_error', code: 'server_error', message: 'Internal server error' };
  return { type: 'error', error };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
