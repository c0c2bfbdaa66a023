import { BUDGET_PATH, type BudgetOptions, type BudgetSettings } from './budget.ts';
import { EVENT_FIELDS, type UsageEvent } from './event.ts';
import type { DeliveryError, Drop } from './notices.ts';

export const DEFAULT_PATH = '/v1/client/usage/log';
const WEEK_MS = 7 * 24 * 3_600_000;

/** The platform's AbortSignal, as far as the application's types know one. */
type Signal = typeof globalThis extends { AbortSignal: { prototype: infer T } } ? T : unknown;

/** What the client needs of `fetch`. */
export type FetchLike = (
  url: string,
  init: {
    method: string;
    headers: Record<string, string>;
    /** None with GET, which budgets are asked by. */
    body?: string | Uint8Array<ArrayBuffer>;
    signal: Signal;
    redirect: 'manual';
    keepalive?: boolean;
  },
) => Promise<{
  status: number;
  headers: { get(name: string): string | null };
  text(): Promise<string>;
}>;

/** How a `PromptOpsClient` works. Times are milliseconds. */
export interface ClientOptions {
  /** The collector, e.g. `https://promptops.example.com`. */
  baseUrl: string | undefined;
  /** A key with the scope `ingest`. */
  apiKey: string | undefined;
  /** False turns recording into a no-op; tracked functions still run. Default true. */
  enableTelemetry?: boolean;
  /** Absolute URL, or a path below `baseUrl`. Default `/v1/client/usage/log`. */
  telemetryEndpoint?: string;
  /** Events in one request, and the number waiting that starts one; 1 to 10000. Default 100. */
  batchSize?: number;
  /** Longest time that an event waits for company. Default 5000. */
  flushIntervalMs?: number;
  /** Events held in memory, those on their way included; the newest are dropped past it. Default 10000. */
  maxQueueSize?: number;
  /** For one whole request: connecting, sending and reading the answer. Default 10000. */
  requestTimeoutMs?: number;
  /** How long the same batch is sent again and again before it is dropped. Default 300000 (5 minutes). */
  retryForMs?: number;
  /** The wait before the n-th retry is random, between 0 and `retryInitialDelayMs * 2 ** n`. Default 500. */
  retryInitialDelayMs?: number;
  /** Upper bound of that wait. Default 30000. */
  retryMaxDelayMs?: number;
  /** Deadline of `shutdown()`, of the flush when the process ends, and of `wrapHandler`. Default 5000. */
  shutdownTimeoutMs?: number;
  /** No timers, nothing in the background: events are sent by `flush()` and `wrapHandler`. Default false. */
  serverless?: boolean;
  /** Compress bodies of 1 KiB and more where the platform can. Default true. */
  gzip?: boolean;
  /** Fields that every event gets unless it has its own, e.g. `{ project_id: 'checkout' }`. */
  defaults?: UsageEvent;
  /** Told about lost events, bundled by reason, never inside `record()`. Default: `console.warn`. */
  onDrop?: (drop: Drop) => unknown;
  /** Told about failed requests and rejected events. Default: `console.warn`. */
  onError?: (error: DeliveryError) => unknown;
  /** Used in place of the global `fetch`. */
  fetch?: FetchLike;
  /** How `withBudget()` and `budget.guard()` act; without them, no budget is asked. */
  budget?: BudgetOptions;
}

/** The options after checking, with every default filled in. `endpoint` is absolute. */
export interface Settings {
  enabled: boolean;
  endpoint: string;
  apiKey: string;
  batchSize: number;
  flushIntervalMs: number;
  maxQueueSize: number;
  requestTimeoutMs: number;
  retryForMs: number;
  retryInitialDelayMs: number;
  retryMaxDelayMs: number;
  shutdownTimeoutMs: number;
  serverless: boolean;
  gzip: boolean;
  defaults: Record<string, unknown>;
  onDrop: ((drop: Drop) => unknown) | undefined;
  onError: ((error: DeliveryError) => unknown) | undefined;
  fetch: FetchLike | undefined;
  budget: BudgetSettings;
}

const NAMES: ReadonlySet<string> = new Set([
  ...['baseUrl', 'apiKey', 'enableTelemetry', 'telemetryEndpoint', 'batchSize', 'flushIntervalMs'],
  ...['maxQueueSize', 'requestTimeoutMs', 'retryForMs', 'retryInitialDelayMs', 'retryMaxDelayMs'],
  ...['shutdownTimeoutMs', 'serverless', 'gzip', 'defaults', 'onDrop', 'onError', 'fetch', 'budget'],
]);
const BUDGET_NAMES: ReadonlySet<string> = new Set(['mode', 'timeoutMs', 'cacheMs', 'onWarning']);

/** Checks the options once. `mistakes` names all that is wrong; the settings are usable only when it is empty. */
export function resolveOptions(options: unknown): { settings: Settings; mistakes: string[] } {
  const mistakes: string[] = [];
  const isObject = typeof options === 'object' && options !== null;
  if (!isObject) mistakes.push('the options must be an object with baseUrl and apiKey');
  const given: Record<string, unknown> = isObject ? { ...options } : {};
  for (const name of Object.keys(given)) {
    if (!NAMES.has(name)) mistakes.push(`${name} is not an option`);
  }
  const refuse = (name: string, expected: string) =>
    void mistakes.push(`${name} must be ${expected}, not ${shown(given[name])}`);
  const flag = (name: string, fallback: boolean): boolean => {
    const value = given[name] ?? fallback;
    if (typeof value === 'boolean') return value;
    refuse(name, 'true or false');
    return fallback;
  };
  const number = (name: string, fallback: number, maximum: number, whole: boolean): number => {
    const value = given[name] ?? fallback;
    const fits = typeof value === 'number' && value > 0 && value <= maximum;
    if (fits && (!whole || Number.isInteger(value))) return value;
    refuse(name, `${whole ? 'a whole number from 1' : 'milliseconds above 0'}, at most ${maximum}`);
    return fallback;
  };
  const callback = (name: string): unknown => {
    const value = given[name] ?? undefined;
    if (value !== undefined && typeof value !== 'function') refuse(name, 'a function');
    return typeof value === 'function' ? value : undefined;
  };

  const enabled = flag('enableTelemetry', true);
  const settings: Settings = {
    enabled,
    endpoint: enabled ? endpointOf(given, mistakes) : '',
    apiKey: enabled ? apiKeyOf(given.apiKey, mistakes) : '',
    batchSize: number('batchSize', 100, 10_000, true),
    flushIntervalMs: number('flushIntervalMs', 5000, WEEK_MS, false),
    maxQueueSize: number('maxQueueSize', 10_000, 10_000_000, true),
    requestTimeoutMs: number('requestTimeoutMs', 10_000, WEEK_MS, false),
    retryForMs: number('retryForMs', 300_000, WEEK_MS, false),
    retryInitialDelayMs: number('retryInitialDelayMs', 500, WEEK_MS, false),
    retryMaxDelayMs: number('retryMaxDelayMs', 30_000, WEEK_MS, false),
    shutdownTimeoutMs: number('shutdownTimeoutMs', 5000, WEEK_MS, false),
    serverless: flag('serverless', false),
    gzip: flag('gzip', true),
    defaults: defaultsOf(given.defaults, mistakes),
    onDrop: callback('onDrop') as Settings['onDrop'],
    onError: callback('onError') as Settings['onError'],
    fetch: callback('fetch') as Settings['fetch'],
    budget: budgetOf(given, enabled, mistakes),
  };
  // A small queue just sends earlier.
  settings.batchSize = Math.min(settings.batchSize, settings.maxQueueSize);
  if (enabled && !settings.fetch && typeof globalThis.fetch !== 'function') {
    mistakes.push('this platform has no fetch; give one as the option fetch');
  }
  return { settings, mistakes };
}

function endpointOf(given: Record<string, unknown>, mistakes: string[]): string {
  const endpoint = given.telemetryEndpoint ?? DEFAULT_PATH;
  if (typeof endpoint !== 'string' || !/^(\/|https?:\/\/)/i.test(endpoint)) {
    const expected = 'an http(s) URL, or a path that starts with /';
    mistakes.push(`telemetryEndpoint must be ${expected}, not ${shown(endpoint)}`);
    return '';
  }
  if (!endpoint.startsWith('/')) return checkedUrl('telemetryEndpoint', endpoint, mistakes);
  if (given.baseUrl == null || given.baseUrl === '') {
    mistakes.push('baseUrl is missing');
    return '';
  }
  return checkedUrl('baseUrl', given.baseUrl, mistakes).replace(/\/+$/, '') + endpoint;
}

function budgetOf(given: Record<string, unknown>, enabled: boolean, mistakes: string[]): BudgetSettings {
  const isObject = typeof given.budget === 'object' && given.budget !== null;
  if (given.budget != null && !isObject) {
    mistakes.push(`budget must be an object, not ${shown(given.budget)}`);
  }
  const budget: Record<string, unknown> = isObject ? { ...(given.budget as object) } : {};
  for (const name of Object.keys(budget)) {
    if (!BUDGET_NAMES.has(name)) mistakes.push(`budget.${name} is not an option`);
  }
  const milliseconds = (name: string, fallback: number, maximum: number): number => {
    const value = budget[name] ?? fallback;
    if (typeof value === 'number' && value > 0 && value <= maximum) return value;
    mistakes.push(`budget.${name} must be milliseconds above 0, at most ${maximum}, not ${shown(value)}`);
    return fallback;
  };
  const { mode = 'warn', onWarning } = budget;
  if (mode !== 'warn' && mode !== 'block') {
    mistakes.push(`budget.mode must be warn or block, not ${shown(mode)}`);
  }
  if (onWarning !== undefined && typeof onWarning !== 'function') {
    mistakes.push(`budget.onWarning must be a function, not ${shown(onWarning)}`);
  }
  // A wrong baseUrl has been told of already.
  const { baseUrl } = given;
  const isUsable = enabled && typeof baseUrl === 'string' && /^https?:/i.test(baseUrl);
  return {
    mode: mode === 'block' ? 'block' : 'warn',
    timeoutMs: milliseconds('timeoutMs', 50, 60_000),
    cacheMs: milliseconds('cacheMs', 5000, 60_000),
    onWarning: typeof onWarning === 'function' ? (onWarning as BudgetSettings['onWarning']) : undefined,
    endpoint: isUsable ? baseUrl.replace(/\/+$/, '') + BUDGET_PATH : undefined,
  };
}

function checkedUrl(name: string, value: unknown, mistakes: string[]): string {
  let url: URL | undefined;
  try {
    url = typeof value === 'string' ? new URL(value) : undefined;
  } catch {
    url = undefined;
  }
  if (typeof value !== 'string' || !url || !/^https?:$/.test(url.protocol)) {
    mistakes.push(`${name} must be an http:// or https:// URL, not ${shown(value)}`);
    return '';
  }
  if (url.username || url.password || url.search || url.hash) {
    mistakes.push(`${name} must not hold a user name, a query or a fragment; the key travels as apiKey`);
  }
  return value;
}

function apiKeyOf(value: unknown, mistakes: string[]): string {
  // The value itself must not reach a log by way of the message.
  if (value == null || value === '') mistakes.push('apiKey is missing');
  else if (typeof value !== 'string') mistakes.push(`apiKey must be a string, not a ${typeof value}`);
  else if (!/^[\x21-\x7e]+$/.test(value)) {
    mistakes.push('apiKey holds a space, a line break or a character outside ASCII');
  } else return value;
  return '';
}

function defaultsOf(value: unknown, mistakes: string[]): Record<string, unknown> {
  if (value == null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    mistakes.push(`defaults must be an object of event fields, not ${shown(value)}`);
    return {};
  }
  for (const name of Object.keys(value)) {
    if (!EVENT_FIELDS.has(name)) mistakes.push(`defaults.${name} is not a field of an event`);
  }
  return { ...value };
}

function shown(value: unknown): string {
  try {
    // JSON.stringify does answer undefined, e.g. for a function.
    const text = (JSON.stringify(value) as string | undefined) ?? typeof value;
    return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
  } catch {
    return typeof value;
  }
}
