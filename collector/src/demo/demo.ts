import { CollectorError } from '../http/errors.ts';
import { countHistory, generateHistory, historyStartMs, type HistoryOptions } from './history.ts';
import { generateLive } from './live.ts';
import { grouped, startProgress, type Output } from '../cli/progress.ts';
import {
  addAnswer,
  emptyResult,
  pause,
  postBatch,
  rejectionLine,
  sendDemo,
  type Door,
  type RejectedItem,
  type SendResult,
} from './sender.ts';
import { storyOf } from './story.ts';
import type { UsageEvent } from './usage-event.ts';
import type { Workspace } from './workspace.ts';
import { DEFAULT_EVENTS_PER_DAY, DEMO_WORKSPACES, eventsPerDayOf } from './workspaces.ts';

const LIVE_TICK_MS = 1_000;
const LIVE_LINE_MS = 10_000;
const LIVE_BATCH = 500;
const MOST_REJECTIONS_PRINTED = 20;
const SIGNAL_ECHO_MS = 200;

export interface DemoOptions {
  /** The collector's address; http://127.0.0.1:8080. */
  baseUrl?: string;
  /** Which of `DEMO_WORKSPACES` to send, each with an `ingest` key of its own tenant. */
  workspaces: readonly { name: string; apiKey: string }[];
  /** Days of history before today; 90. */
  days?: number;
  /** Mean events a day of all the demo's workspaces together; 1,650, which makes about 150,000 in 90 days. */
  eventsPerDay?: number;
  /** Another seed makes other events; 1. */
  seed?: number | string;
  /** Goes on with live traffic until it is stopped; true. */
  live?: boolean;
  /** Mean live events a second of each workspace; 1. */
  liveEventsPerSecond?: number;
  /** The end of the history, Unix milliseconds; now. */
  nowMs?: number;
  /** Where it prints; stdout. */
  output?: Output;
  /** Stops the demo as SIGINT and SIGTERM do: nothing new is begun, what is on its way is waited for. */
  signal?: AbortSignal;
}

export interface DemoResult {
  workspaces: { name: string; history: SendResult; live: SendResult }[];
  /** True when a signal ended the demo (the way in which live traffic ends). */
  stopped: boolean;
}

/**
 * Sends the history of each workspace through the collector's own door, tells what is in it and where to look, and goes on with
 * live traffic. SIGINT and SIGTERM end it cleanly; another one after that, at once.
 * @throws CollectorError when a workspace is unknown, or the collector refuses or stays away
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { signal, release } = stopSignal(options.signal);
  try {
    return await run(options, signal);
  } finally {
    await release();
  }
}

async function run(options: DemoOptions, signal: AbortSignal): Promise<DemoResult> {
  const {
    baseUrl = 'http://127.0.0.1:8080',
    days = 90,
    eventsPerDay = DEFAULT_EVENTS_PER_DAY,
    seed = 1,
    live = true,
    liveEventsPerSecond = 1,
    nowMs = Date.now(),
    output = process.stdout,
  } = options;
  const tenants = options.workspaces.map(({ name, apiKey }) => ({ workspace: workspaceNamed(name), apiKey }));
  const onRejected = rejectionPrinter(output);
  const result: DemoResult = { workspaces: [], stopped: false };

  for (const { workspace, apiKey } of tenants) {
    if (signal.aborted) break;
    const plan = {
      seed,
      nowMs,
      days,
      eventsPerDay: eventsPerDayOf(workspace, eventsPerDay),
      workspace,
    };
    const history = await sendHistory({ baseUrl, apiKey, plan, output, onRejected, signal });
    result.workspaces.push({ name: workspace.name, history, live: emptyResult() });
    output.write(summary(plan, history, baseUrl));
  }

  if (live && !signal.aborted) {
    const fromMs = Date.now();
    output.write('Live traffic from now on; Ctrl-C ends it.\n');
    await sendLive({
      lanes: tenants.map(({ workspace, apiKey }, index) => ({
        door: { baseUrl, apiKey, retry: LIVE_RETRY },
        events: generateLive({ seed, fromMs, eventsPerSecond: liveEventsPerSecond, workspace }),
        sums: result.workspaces[index]?.live ?? emptyResult(),
      })),
      output,
      onRejected,
      signal,
    });
  }
  result.stopped = signal.aborted;
  return result;
}

/** Live traffic waits for a collector that is away, however long that takes. */
const LIVE_RETRY = { attempts: Infinity, firstDelayMs: 200, mostDelayMs: 5_000 };

async function sendHistory({
  baseUrl,
  apiKey,
  plan,
  output,
  onRejected,
  signal,
}: {
  baseUrl: string;
  apiKey: string;
  plan: HistoryOptions;
  output: Output;
  onRejected: (item: RejectedItem) => void;
  signal: AbortSignal;
}): Promise<SendResult> {
  const progress = startProgress({ output, label: plan.workspace.name, total: countHistory(plan) });
  try {
    return await sendDemo({
      baseUrl,
      apiKey,
      events: generateHistory(plan),
      onProgress: ({ received }) => progress.update(received),
      onRejected,
      signal,
    });
  } finally {
    progress.stop();
  }
}

interface LiveLane {
  door: Omit<Door, 'signal'>;
  events: Iterator<UsageEvent, unknown>;
  sums: SendResult;
}

async function sendLive({
  lanes,
  output,
  onRejected,
  signal,
}: {
  lanes: LiveLane[];
  output: Output;
  onRejected: (item: RejectedItem) => void;
  signal: AbortSignal;
}): Promise<void> {
  const startedMs = performance.now();
  let printedMs = startedMs;
  const print = (): void => {
    const sum = (pickCount: (sums: SendResult) => number): number =>
      lanes.reduce((total, { sums }) => total + pickCount(sums), 0);
    const accepted = sum((sums) => sums.accepted);
    const waiting = sum((sums) => sums.unanswered);
    const rate = (accepted / Math.max(1, performance.now() - startedMs)) * 1_000;
    const unanswered = waiting > 0 ? `, ${grouped(waiting)} without an answer` : '';
    const line = `live: ${grouped(accepted)} events accepted, ${rate.toFixed(1)} a second${unanswered}`;
    output.write(output.isTTY === true ? `\r\u001b[2K${line}` : `${line}\n`);
    printedMs = performance.now();
  };
  const onAnswer = (): void => {
    if (performance.now() - printedMs >= (output.isTTY === true ? LIVE_TICK_MS : LIVE_LINE_MS)) print();
  };
  // One lane that fails ends the others, with what they have on their way.
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const outcomes = await Promise.allSettled(
    lanes.map(async (lane) => {
      try {
        await pace(lane, { onRejected, onAnswer, signal: stop });
      } catch (error) {
        failed.abort();
        throw error;
      }
    }),
  );
  print();
  if (output.isTTY === true) output.write('\n');
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
}

/** Posts a lane's calls once their time has come, and what has come due by the end before it returns. */
async function pace(
  { door, events, sums }: LiveLane,
  {
    onRejected,
    onAnswer,
    signal,
  }: { onRejected: (item: RejectedItem) => void; onAnswer: () => void; signal: AbortSignal },
): Promise<void> {
  let next = events.next();
  const due = (): UsageEvent[] => {
    const nowMs = Date.now();
    const batch: UsageEvent[] = [];
    while (next.done !== true && Date.parse(next.value.timestamp) <= nowMs && batch.length < LIVE_BATCH) {
      batch.push(next.value);
      next = events.next();
    }
    return batch;
  };
  let last = false;
  while (!last) {
    await pause(LIVE_TICK_MS, signal);
    last = signal.aborted;
    const batch = { offset: sums.received, events: due() };
    if (batch.events.length === 0) continue;
    addAnswer(sums, await postBatch({ ...door, signal }, batch.events), batch, onRejected);
    onAnswer();
  }
}

function workspaceNamed(name: string): Workspace {
  const workspace = DEMO_WORKSPACES.find((candidate) => candidate.name === name);
  if (workspace) return workspace;
  const names = DEMO_WORKSPACES.map((candidate) => candidate.name).join(', ');
  throw new CollectorError(`The demo has no workspace '${name}'. It has ${names}.`);
}

/** What a workspace's history came to, what is in it, and where to look. */
function summary(plan: HistoryOptions, history: SendResult, baseUrl: string): string {
  const { workspace, nowMs } = plan;
  const fromMs = historyStartMs(plan);
  const outcome = [
    `${grouped(history.accepted)} accepted`,
    `${grouped(history.duplicate)} there already`,
    ...(history.rejected > 0 ? [`${grouped(history.rejected)} REJECTED`] : []),
    ...(history.unanswered > 0 ? [`${grouped(history.unanswered)} without an answer`] : []),
    ...(history.retries > 0 ? [`${grouped(history.retries)} requests sent again`] : []),
  ];
  const query = new URLSearchParams({
    start_date: localDay(fromMs, workspace.timeZone),
    end_date: localDay(nowMs, workspace.timeZone),
    group_by: 'day',
    timezone: workspace.timeZone,
  });
  const lines = [
    `${workspace.title}: ${grouped(history.received)} events, ${outcome.join(', ')}${history.complete ? '' : ' (stopped before the end)'}.`,
    '  What happened in it:',
    ...storyOf(workspace, { fromMs, nowMs }).map(
      ({ atMs, text }) => `    ${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC  ${text}`,
    ),
    `  Look at it with the key of ${workspace.name}:`,
    `    ${baseUrl}/v1/analytics/usage/overview?${query.toString()}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** `2026-11-24`: the day in the zone whose days the overview is asked for, so that its period holds every event. */
function localDay(timestampMs: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return format.format(timestampMs);
}

function rejectionPrinter(output: Output): (item: RejectedItem) => void {
  let printed = 0;
  return (item) => {
    printed++;
    if (printed > MOST_REJECTIONS_PRINTED) return;
    output.write(rejectionLine(item));
    if (printed === MOST_REJECTIONS_PRINTED) output.write('Further rejected events are only counted.\n');
  };
}

/**
 * One signal for all that can stop the demo. npm and `timeout` pass on what the terminal has sent to the whole group already, so
 * that one Ctrl-C arrives twice. The second within 200 ms is therefore the first again, and the demo stays to take it, since the
 * exit of a process does not; one after that ends the process at once.
 */
function stopSignal(outer: AbortSignal | undefined): { signal: AbortSignal; release: () => Promise<void> } {
  const controller = new AbortController();
  let echoOver: Promise<void> | undefined;
  const unlisten = (): void => {
    process.removeListener('SIGINT', onSignal);
    process.removeListener('SIGTERM', onSignal);
    outer?.removeEventListener('abort', onOuter);
  };
  const onOuter = (): void => controller.abort();
  const onSignal = (): void => {
    controller.abort();
    echoOver ??= pause(SIGNAL_ECHO_MS).then(unlisten);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  if (outer?.aborted === true) onOuter();
  else outer?.addEventListener('abort', onOuter);
  const release = async (): Promise<void> => {
    await echoOver;
    unlisten();
  };
  return { signal: controller.signal, release };
}
