import { quantile } from './environment.ts';
import { post, type Bodies, type Door } from './load.ts';

export interface Run {
  eventsPerSecond: number;
  requestsPerSecond: number;
  p50: number;
  p99: number;
  refused: number;
}

/** As many requests at once as there are connections, each after the answer to the one before. */
export async function closedLoop(
  door: Door,
  bodies: Pick<Bodies, 'take'>,
  connections: number,
  ms: number,
): Promise<Run> {
  const latencies: number[] = [];
  let [accepted, refused] = [0, 0];
  const start = performance.now();
  const end = start + ms;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < end) {
        const sent = performance.now();
        const answer = await post(door, bodies.take());
        latencies.push(performance.now() - sent);
        if (answer.status === 200) accepted += answer.accepted;
        else refused += 1;
      }
    }),
  );
  return summary(accepted, refused, latencies, performance.now() - start);
}

/** Requests begin when their time has come, answered or not: the latency of each counts from then. */
export async function openLoop(
  door: Door,
  bodies: Pick<Bodies, 'take'>,
  batch: number,
  rate: number,
  ms: number,
): Promise<Run> {
  const latencies: number[] = [];
  let [accepted, refused] = [0, 0];
  const interval = (batch / rate) * 1000;
  const start = performance.now();
  const pending: Promise<void>[] = [];
  for (let due = start; due < start + ms; due += interval) {
    const wait = due - performance.now();
    if (wait > 0) await new Promise((done) => setTimeout(done, wait));
    const at = due;
    pending.push(
      post(door, bodies.take()).then((answer) => {
        latencies.push(performance.now() - at);
        if (answer.status === 200) accepted += answer.accepted;
        else refused += 1;
      }),
    );
  }
  await Promise.all(pending);
  return summary(accepted, refused, latencies, performance.now() - start);
}

function summary(accepted: number, refused: number, latencies: number[], ms: number): Run {
  return {
    eventsPerSecond: (accepted / ms) * 1000,
    requestsPerSecond: (latencies.length / ms) * 1000,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    refused,
  };
}
