import { readFileSync } from 'node:fs';
import type { CallReport, TokenCounts } from './call-report.ts';
import { decodeLogsJson, decodeTracesJson } from './decode-json.ts';
import { decodeLogs, decodeTraces } from './decode-protobuf.ts';
import { reportsOfLogs, reportsOfSpans } from './map-call.ts';
import { UnknownShapes } from './unknown-shapes.ts';

/*
 * The export requests of tests/fixtures/otlp, and what their emitters are able to tell: what is not told must come out as unknown.
 */

const FOLDER = new URL('../../../tests/fixtures/otlp/', import.meta.url);

/** A call as the stub provider billed it (calls.json). */
export interface BilledCall {
  n: number;
  case: string;
  provider: string;
  api: 'chat/completions' | 'responses' | 'messages' | 'embeddings';
  request_model: string;
  response_model: string | null;
  stream: boolean;
  status: 'ok' | 'error';
  http_status: number;
  usage: Record<
    'input_total' | 'cached_read' | 'cache_write_5m' | 'cache_write_1h' | 'output_total' | 'reasoning',
    number
  > | null;
  usage_sent_on_stream?: boolean;
  user?: string;
  context_user?: string;
  session?: string;
  prompt?: string;
  prompt_version?: string | number;
  response_id: string | null;
  note?: string;
}

type When = (call: BilledCall) => boolean;
const always: When = () => true;
const never: When = () => false;
const onStreams: When = ({ stream }) => stream;
const notOnEmbeddings: When = ({ api }) => api !== 'embeddings';
const onAnthropic: When = ({ provider }) => provider === 'anthropic';

/** What an emitter tells of a call; `untold` calls leave no record at all. */
export interface Carried {
  untold: When;
  /** Calls of which the client never saw the usage, or of which the emitter drops it. */
  withoutUsage: When;
  cacheRead: When;
  /** Cache writes: by lifetime, as one count, or not at all. */
  cacheWrite: (call: BilledCall) => 'split' | 'total' | 'none';
  output: When;
  reasoning: When;
  responseModel: When;
  stream: When;
  user: When;
  session: When;
  prompt: When;
  statusCode: When;
}

const nothing: Carried = {
  untold: never,
  withoutUsage: (call) => call.usage_sent_on_stream === false || call.case.endsWith('abort'),
  cacheRead: never,
  cacheWrite: () => 'none',
  output: notOnEmbeddings,
  reasoning: never,
  responseModel: notOnEmbeddings,
  stream: never,
  user: never,
  session: never,
  prompt: never,
  statusCode: ({ status }) => status === 'error',
};

const openLlmetryOpenAi: Carried = {
  ...nothing,
  untold: ({ case: name }) => name === 'chat_stream_abort',
  cacheRead: always,
  reasoning: (call) => notOnEmbeddings(call) && !(call.stream && call.api === 'chat/completions'),
  responseModel: always,
  stream: always,
  user: ({ user }) => user !== undefined,
};

const openAiV2: Carried = {
  ...nothing,
  // Responses API calls are not instrumented.
  untold: ({ api }) => api === 'responses',
  responseModel: always,
};

const pydantic: Carried = {
  ...nothing,
  // Kinds of which there were none are left out.
  cacheRead: (call) => onAnthropic(call) || (call.usage?.cached_read ?? 0) > 0,
  cacheWrite: (call) => (onAnthropic(call) ? 'split' : 'none'),
  reasoning: (call) => !onAnthropic(call),
  // Told by the span of Anthropic's SDK inside.
  stream: onAnthropic,
  statusCode: (call) => call.status === 'error' || onAnthropic(call),
};

const anthropic: Carried = {
  ...nothing,
  cacheRead: always,
  cacheWrite: () => 'split',
  stream: onStreams,
  statusCode: always,
};

const vercel: Carried = {
  ...nothing,
  cacheRead: notOnEmbeddings,
  cacheWrite: (call) => (onAnthropic(call) ? 'split' : 'none'),
  reasoning: (call) => notOnEmbeddings(call) && !onAnthropic(call),
  stream: notOnEmbeddings,
  user: always,
  session: always,
  prompt: always,
  statusCode: never,
};

export const CARRIED: Readonly<Record<string, Carried>> = {
  'openai-v2': openAiV2,
  'openai-v2-latest': openAiV2,
  'openllmetry-openai': openLlmetryOpenAi,
  'openllmetry-openai-events': openLlmetryOpenAi,
  'openinference-openai': {
    ...nothing,
    cacheRead: notOnEmbeddings,
    reasoning: notOnEmbeddings,
    stream: notOnEmbeddings,
    user: always,
    session: always,
  },
  openlit: {
    ...nothing,
    untold: ({ case: name }) => name === 'chat_stream_abort',
    cacheRead: notOnEmbeddings,
    cacheWrite: (call) => (notOnEmbeddings(call) ? 'total' : 'none'),
    reasoning: ({ api }) => api === 'responses',
    responseModel: always,
    // Spans of failed Anthropic calls have nothing but their name.
    stream: (call) => !(onAnthropic(call) && call.status === 'error'),
    user: (call) => call.user !== undefined && call.status === 'ok' && !onAnthropic(call),
  },
  'openllmetry-anthropic': anthropic,
  'anthropic-native': anthropic,
  litellm: {
    ...nothing,
    cacheRead: notOnEmbeddings,
    cacheWrite: (call) => (onAnthropic(call) ? 'split' : 'none'),
    output: always,
    reasoning: notOnEmbeddings,
    // Of a stream it tells the model that was asked for.
    responseModel: ({ stream }) => !stream,
    stream: always,
    user: always,
  },
  'pydantic-ai': pydantic,
  'pydantic-ai-v2': pydantic,
  'vercel-ai': vercel,
  'vercel-ai-v4': { ...vercel, cacheWrite: (call) => (onAnthropic(call) ? 'total' : 'none') },
  'node-openai-otel': { ...nothing, responseModel: always },
  'langfuse-v3': {
    ...nothing,
    cacheRead: notOnEmbeddings,
    reasoning: notOnEmbeddings,
    responseModel: always,
    // Seen by the time of the first token; where there is none it may have been no stream, or have failed before.
    stream: ({ stream, status }) => stream && status === 'ok',
    user: ({ session }) => session !== undefined,
    session: always,
    prompt: always,
  },
  'traceloop-sdk': {
    ...nothing,
    cacheRead: always,
    cacheWrite: (call) => (onAnthropic(call) ? 'split' : 'none'),
    reasoning: (call) => !onAnthropic(call) && notOnEmbeddings(call) && !call.stream,
    responseModel: always,
    stream: (call) => !onAnthropic(call) || call.stream,
    user: always,
    session: always,
    prompt: ({ prompt }) => prompt !== undefined,
    statusCode: (call) => call.status === 'error' || onAnthropic(call),
  },
};

export const EMITTERS = Object.keys(CARRIED);

export interface CapturedRequest {
  file: string;
  case: string;
  signal: 'traces' | 'logs' | 'metrics';
  isJson: boolean;
  contentType: string;
  body: Buffer;
}

/** The requests of an emitter in the order in which they came. */
export function requestsOf(emitter: string): CapturedRequest[] {
  const list = readJson(emitter, 'requests.json') as { file: string; path: string; content_type: string }[];
  return list.map(({ file, path, content_type }) => ({
    file,
    case: file.slice(0, file.indexOf('.')),
    signal: path.slice(path.lastIndexOf('/') + 1) as CapturedRequest['signal'],
    isJson: file.endsWith('.json'),
    contentType: content_type,
    body: readFileSync(new URL(`${emitter}/${file}`, FOLDER)),
  }));
}

export function billedCallsOf(emitter: string): BilledCall[] {
  return readJson(emitter, 'calls.json') as BilledCall[];
}

function readJson(emitter: string, file: string): unknown {
  return JSON.parse(readFileSync(new URL(`${emitter}/${file}`, FOLDER), 'utf8'));
}

export function reportsOf(
  { signal, isJson, body }: CapturedRequest,
  unknown = new UnknownShapes(),
): CallReport[] {
  if (signal === 'traces')
    return reportsOfSpans(isJson ? decodeTracesJson(body) : decodeTraces(body), unknown);
  if (signal === 'logs') return reportsOfLogs(isJson ? decodeLogsJson(body) : decodeLogs(body), unknown);
  return [];
}

/** The tokens that must come out of a call, kind by kind: as billed where they are carried, null where they are not. */
export function expectedTokens(call: BilledCall, carried: Carried): TokenCounts {
  const { usage } = call;
  if (!usage || carried.withoutUsage(call)) {
    return {
      input: null,
      cacheRead: null,
      cacheWrite5m: null,
      cacheWrite1h: null,
      cacheWriteUnsplit: null,
      output: null,
      reasoning: null,
    };
  }
  const cacheRead = carried.cacheRead(call) ? usage.cached_read : null;
  const writes = usage.cache_write_5m + usage.cache_write_1h;
  const form = carried.cacheWrite(call);
  const isSplit = form === 'split' || (form === 'total' && writes === 0);
  return {
    input: usage.input_total - (cacheRead ?? 0) - (form === 'none' ? 0 : writes),
    cacheRead,
    cacheWrite5m: isSplit ? usage.cache_write_5m : null,
    cacheWrite1h: isSplit ? usage.cache_write_1h : null,
    cacheWriteUnsplit: form === 'total' && writes > 0 ? writes : null,
    output: carried.output(call) ? usage.output_total : null,
    reasoning: carried.reasoning(call) ? usage.reasoning : null,
  };
}
