import { request as httpRequest, Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as HttpsAgent } from 'node:https';
import { VERSION } from '../version.ts';
import { RefusedAddress, type NetworkGuard } from './network-guard.ts';
import { networkError, outcomeOfStatus, readRetryAfter, type Outcome } from './outcome.ts';

/** From the first byte sent to the whole answer, name look-up and TLS included. */
const POST_TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 4_096;

export interface PostOptions {
  guard: NetworkGuard;
  headers: Record<string, string>;
  body: string;
  timeoutMs?: number;
  /** What may be told of the answer's text; default: nothing. */
  readDetail?: (text: string) => string | undefined;
}

/**
 * Posts JSON to an address that a tenant gave, past the guard and without following redirects. Each message has a connection of its own, whose
 * address the guard has checked; no proxy of the environment is used, since it would connect in the guard's place.
 */
export async function post(address: string, options: PostOptions): Promise<Outcome> {
  const { guard, headers, body, timeoutMs = POST_TIMEOUT_MS, readDetail } = options;
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  try {
    const url = guard.checkUrl(address);
    const [send, agent] =
      url.protocol === 'https:'
        ? ([httpsRequest, new HttpsAgent({ keepAlive: false })] as const)
        : ([httpRequest, new HttpAgent({ keepAlive: false })] as const);
    const payload = Buffer.from(body, 'utf8');
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      send(url, {
        method: 'POST',
        agent,
        lookup: guard.lookup,
        signal: deadline.signal,
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'content-length': payload.length,
          'user-agent': `PromptOps-Analytics/${VERSION}`,
          accept: '*/*',
          ...headers,
        },
      })
        .on('response', resolve)
        .on('error', reject)
        .end(payload);
    });
    // The status is what counts: a connection that breaks after it changes nothing.
    answer.on('error', () => undefined);
    const status = answer.statusCode ?? 0;
    const detail = readDetail === undefined ? undefined : readDetail(await beginningOf(answer));
    // What it says further is of no interest, and it may say it for ever.
    answer.destroy();
    return outcomeOfStatus(status, {
      retryAfterMs: readRetryAfter(answer.headers['retry-after'], Date.now()),
      detail,
    });
  } catch (error) {
    if (error instanceof RefusedAddress) return { kind: 'dead', error: error.message, responseStatus: null };
    if (deadline.signal.aborted) {
      const message = `The receiver did not answer within ${timeoutMs / 1000} s.`;
      return { kind: 'retry', error: message, responseStatus: null };
    }
    return { kind: 'retry', error: networkError(error), responseStatus: null };
  } finally {
    clearTimeout(timer);
  }
}

async function beginningOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MAX_ANSWER_BYTES) break;
    }
  } catch {
    // The status is known; the text is only for the log.
  }
  return Buffer.concat(chunks).toString('utf8');
}
