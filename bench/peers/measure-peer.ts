import { Agent, request } from 'node:http';
import { grouped, quantile } from '../environment.ts';
import type { PeerProcess } from './peer-process.ts';

export interface PeerRequest {
  body: Buffer;
  /** Events in the body. */
  events: number;
}

export interface PeerTarget {
  url: string;
  headers: Record<string, string>;
  /** The next body to post. */
  take(): PeerRequest;
  /** Events that the peer's own store holds now: rows of its database, or spans in its file. Absent where nothing is kept. */
  countStored?: () => Promise<number>;
  process: PeerProcess;
}

export interface PeerLoad {
  connections: number;
  seconds: number;
  warmUpSeconds: number;
  /** Ends the warm-up earlier, after so many requests. */
  warmUpRequests?: number;
  /** Stops waiting for the rest to arrive in the store after so long. */
  drainSeconds: number;
}

interface Answer {
  status: number;
  retryAfterMs: number;
  text: string;
}

interface Loop {
  accepted: number;
  refused: number;
  firstRefusal: string | undefined;
  latencies: number[];
  ms: number;
}

/** Once nothing more has arrived for this long, what is missing is called lost. */
const DRAIN_PATIENCE_MS = 20_000;

/**
 * A closed loop over so many connections, after a warm-up. What was accepted (2xx) is compared with what the peer's store holds in
 * the end: acknowledging and keeping are different things for most peers. Prints one line.
 */
export async function measurePeer(title: string, target: PeerTarget, load: PeerLoad): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
  const warmUp = await closedLoop(
    agent,
    target,
    load.connections,
    load.warmUpSeconds * 1000,
    load.warmUpRequests,
  );
  if (warmUp.accepted === 0)
    throw new Error(`${title} accepted nothing during warm-up: ${warmUp.firstRefusal ?? 'no answer'}`);
  const { countStored } = target;
  const before = countStored ? await drained(countStored, warmUp.accepted, Infinity) : undefined;
  const cpu = process.cpuUsage();
  const run = await closedLoop(agent, target, load.connections, load.seconds * 1000);
  const ended = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  const memory = await target.process.memoryMegabytes();
  console.log(
    `${title}: accepted ${grouped((run.accepted / run.ms) * 1000)} events/s; requests/s ${grouped((run.latencies.length / run.ms) * 1000)}; ` +
      `p50 ${grouped(quantile(run.latencies, 0.5))} ms; p99 ${grouped(quantile(run.latencies, 0.99))} ms; ` +
      `refused requests ${grouped(run.refused)}${run.firstRefusal === undefined ? '' : ` (the first: ${run.firstRefusal})`}; ` +
      `memory ${memory} MB; the load took ${((user + system) / 1000 / run.ms).toFixed(2)} of a core`,
  );
  if (!countStored || !before) {
    agent.destroy();
    return;
  }
  const atTheEnd = (await countStored()) - before.stored;
  const after = await drained(countStored, before.stored + run.accepted, load.drainSeconds * 1000);
  agent.destroy();
  const stored = after.stored - before.stored;
  const drainMs = Math.max(0, after.lastGrowthAt - ended);
  const missing = run.accepted - stored;
  console.log(
    `  stored ${grouped((stored / (run.ms + drainMs)) * 1000)} events/s: ${grouped(stored)} of ${grouped(run.accepted)} accepted, ` +
      `${grouped(atTheEnd)} of them when the load ended, the last ${(drainMs / 1000).toFixed(1)} s after it; ` +
      `${grouped(missing)} ${after.stopped ? 'not yet there when the wait was cut' : 'never came'}`,
  );
}

/** A refused request is followed by the wait that the server asks for, or a quarter of a second: a client that behaves. */
async function closedLoop(
  agent: Agent,
  target: PeerTarget,
  connections: number,
  ms: number,
  requests = Infinity,
): Promise<Loop> {
  const latencies: number[] = [];
  let [accepted, refused, begun] = [0, 0, 0];
  let firstRefusal: string | undefined;
  const start = performance.now();
  const end = start + ms;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < end && begun++ < requests) {
        const { body, events } = target.take();
        const sent = performance.now();
        const answer = await post(agent, target, body);
        if (answer.status >= 200 && answer.status < 300) {
          latencies.push(performance.now() - sent);
          accepted += events;
          continue;
        }
        refused += 1;
        firstRefusal ??= `${answer.status} ${answer.text.slice(0, 160)}`;
        await new Promise((done) => setTimeout(done, Math.min(answer.retryAfterMs, 5_000)));
      }
    }),
  );
  return { accepted, refused, firstRefusal, latencies, ms: performance.now() - start };
}

function post(agent: Agent, { url, headers }: PeerTarget, body: Buffer): Promise<Answer> {
  return new Promise((done) => {
    const sent = request(
      url,
      { method: 'POST', agent, headers: { ...headers, 'content-length': body.length } },
      (answer) => {
        let text = '';
        answer.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
        answer.once('end', () =>
          done({
            status: answer.statusCode ?? 0,
            retryAfterMs: Number(answer.headers['retry-after'] ?? 0.25) * 1000 || 250,
            text,
          }),
        );
      },
    );
    // A connection that the server broke is an answer too: not accepted.
    sent.once('error', (error) => done({ status: 0, retryAfterMs: 250, text: error.message }));
    sent.end(body);
  });
}

/** Waits until the store holds so many events, stops growing, or the time is up. */
async function drained(
  countStored: () => Promise<number>,
  expected: number,
  timeoutMs: number,
): Promise<{ stored: number; lastGrowthAt: number; stopped: boolean }> {
  let stored = -1;
  const began = performance.now();
  let lastGrowthAt = began;
  for (;;) {
    const now = await countStored();
    if (now > stored) {
      stored = now;
      lastGrowthAt = performance.now();
    }
    const stopped = stored < expected && performance.now() - began > timeoutMs;
    if (stopped || stored >= expected || performance.now() - lastGrowthAt > DRAIN_PATIENCE_MS)
      return { stored, lastGrowthAt, stopped };
    await new Promise((done) => setTimeout(done, 500));
  }
}
