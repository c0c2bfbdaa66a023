import { MODELS, type ModelName, type ModelProfile } from './models.ts';
import { cumulative, logNormal, pick, zipfWeights, type Random } from './random.ts';
import type { EffectiveVersion, Incident } from './story.ts';
import type { UsageEvent } from './usage-event.ts';
import type { CallSettings, Prompt, Workspace } from './workspace.ts';

const SESSION_MS = 30 * 60_000;
const TIMEOUT_MS = 60_000;
const STAGING_SHARE = 0.04;
/** Two out of a hundred users make a third of the calls or more. */
const ZIPF_EXPONENT = 0.9;

/** A workspace's users, drawn so that a few of them make most of the calls. */
export function userPicker({ users }: Workspace): (random: Random) => number {
  const sums = cumulative(zipfWeights(users, ZIPF_EXPONENT));
  return (random) => pick(random, sums);
}

export interface Call {
  /** When the call starts. */
  timestampMs: number;
  /** Its id, from `eventId`. */
  id: string;
  workspace: Workspace;
  prompt: Prompt;
  /** The prompt's versions, newest first. */
  versions: readonly EffectiveVersion[];
  incident: Incident;
  pickUser: (random: Random) => number;
}

/** Makes up one call: everything that is not given is drawn from `random`. */
export function callEvent(random: Random, call: Call): UsageEvent {
  const { timestampMs, workspace, prompt } = call;
  const { version, settings } = versionAt(random, call.versions, timestampMs);
  const modelName = pickModel(random, settings);
  const model: ModelProfile = MODELS[modelName];
  const user = prompt.unattended ? undefined : call.pickUser(random);
  const event: UsageEvent = {
    event_id: call.id,
    timestamp: new Date(timestampMs).toISOString(),
    project_id: prompt.project,
    prompt_id: prompt.id,
    prompt_version: version,
    endpoint: (settings.stream ? model.streamEndpoint : undefined) ?? model.endpoint,
    model_provider: model.provider,
    model_name: modelName,
    service_tier: settings.serviceTier,
    environment: random() < STAGING_SHARE ? 'staging' : 'production',
    ...(user === undefined
      ? {}
      : { user_id: `u-${user + 1}`, session_id: `s-${user + 1}-${sessionWindow(user, timestampMs)}` }),
    stream: settings.stream,
    ...(settings.tokensRequested === null ? {} : { tokens_requested: settings.tokensRequested }),
    response_time_ms: 0,
    status: 'success',
    status_code: 200,
    cache_hit: false,
    metadata: workspace.projects[prompt.project]?.metadata ?? {},
  };

  const tokens = drawTokens(random, settings, model);
  if (random() < settings.responseCacheShare) {
    return {
      ...event,
      ...tokenFields(tokens, model, { cached: 0, write: null }),
      stream: false,
      response_time_ms: tenths(logNormal(random, { median: 9, sigma: 0.5 })),
      cache_hit: true,
    };
  }

  const { incident } = call;
  const inIncident =
    model.provider === incident.provider &&
    timestampMs >= incident.startMs &&
    timestampMs < incident.endMs &&
    incident;
  const latencyFactor = inIncident ? incident.latencyFactor : 1;
  if (random() < (inIncident ? incident.errorRate : model.errorRate)) {
    return { ...event, ...failure(random, model, inIncident !== false) };
  }

  const tier = SLOWER_TIERS[settings.serviceTier] ?? 1;
  const sigma = model.latencySigma;
  const spread = logNormal(random, { median: latencyFactor * tier, sigma });
  const firstTokenMs =
    spread *
    (model.firstTokenMs + tokens.input * model.msPerInputToken + tokens.reasoning * model.msPerOutputToken);
  const pace = logNormal(random, { median: latencyFactor * tier, sigma: sigma / 2 });
  const responseMs = firstTokenMs + pace * (tokens.output - tokens.reasoning) * model.msPerOutputToken;
  return {
    ...event,
    ...tokenFields(tokens, model, promptCache(random, settings, model, tokens.input)),
    response_time_ms: tenths(responseMs),
    ...(settings.stream ? { time_to_first_token_ms: tenths(firstTokenMs) } : {}),
  };
}

/** How much longer a call waits at the cheap service tiers. */
const SLOWER_TIERS: Record<string, number> = { flex: 2.2, batch: 6 };

function versionAt(
  random: Random,
  versions: readonly EffectiveVersion[],
  timestampMs: number,
): EffectiveVersion {
  // One draw for all, so that the number of versions does not shift what is drawn after it.
  const draw = random();
  const found = versions.find(
    ({ sinceMs, rolloutMs }) =>
      timestampMs >= sinceMs && (rolloutMs === 0 || draw < (timestampMs - sinceMs) / rolloutMs),
  );
  if (!found) throw new Error('A prompt needs a version that was always there.');
  return found;
}

function pickModel(random: Random, { models }: CallSettings): ModelName {
  const chosen = models[pick(random, cumulative(models.map(({ share }) => share)))];
  if (!chosen) throw new Error('A prompt needs at least one model.');
  return chosen.model;
}

/** A user's calls within half an hour are one session; the windows of different users do not begin together. */
function sessionWindow(user: number, timestampMs: number): string {
  return Math.floor((timestampMs + (user % 30) * 60_000) / SESSION_MS).toString(36);
}

interface Tokens {
  input: number;
  output: number;
  /** Part of `output`. */
  reasoning: number;
}

function drawTokens(random: Random, settings: CallSettings, model: ModelProfile): Tokens {
  const body = Math.max(1, Math.round(logNormal(random, settings.inputTokens)));
  const input = Math.min(settings.prefixTokens + body, model.contextTokens);
  if (model.kind === 'embedding') return { input, output: 0, reasoning: 0 };
  const visible = Math.max(1, Math.round(logNormal(random, settings.outputTokens)));
  const thought =
    model.reasoningPerOutputToken === 0
      ? 0
      : Math.round(visible * logNormal(random, { median: model.reasoningPerOutputToken, sigma: 0.6 }));
  // A call that runs into its limit is cut off there; thinking comes first.
  const output = Math.min(visible + thought, settings.tokensRequested ?? Infinity);
  return { input, output, reasoning: Math.min(thought, output) };
}

/** What the provider's prompt cache did: tokens read from it, and tokens written to it for 5 minutes or an hour. */
interface PromptCacheUse {
  cached: number;
  write: { ttl: '5m' | '1h'; tokens: number } | null;
}

function promptCache(
  random: Random,
  { promptCache: use, prefixTokens }: CallSettings,
  { promptCache: cache }: ModelProfile,
  input: number,
): PromptCacheUse {
  const prefix = Math.min(prefixTokens, input);
  if (use === null || cache.kind === 'none' || prefix < cache.minimumTokens)
    return { cached: 0, write: null };
  const warm = random() < use.warmShare;
  if (cache.kind === 'explicit') {
    return warm ? { cached: prefix, write: null } : { cached: 0, write: { ttl: use.ttl, tokens: prefix } };
  }
  return { cached: warm ? prefix - (prefix % cache.blockTokens) : 0, write: null };
}

function tokenFields(
  { input, output, reasoning }: Tokens,
  model: ModelProfile,
  { cached, write }: PromptCacheUse,
): Partial<UsageEvent> {
  return {
    input_tokens: input,
    ...(cached > 0 ? { cache_read_tokens: cached } : {}),
    ...(write === null
      ? {}
      : write.ttl === '1h'
        ? { cache_write_1h_tokens: write.tokens }
        : { cache_write_5m_tokens: write.tokens }),
    output_tokens: output,
    ...(model.reasoningPerOutputToken > 0 ? { reasoning_tokens: reasoning } : {}),
  };
}

interface FailureKind {
  errorType: string;
  statusCode: number;
  latency: { median: number; sigma: number };
}
const RATE_LIMIT: FailureKind = {
  errorType: 'rate_limit_exceeded',
  statusCode: 429,
  latency: { median: 120, sigma: 0.4 },
};
const SERVER_ERROR: FailureKind = {
  errorType: 'server_error',
  statusCode: 500,
  latency: { median: 900, sigma: 0.8 },
};
const OVERLOADED: FailureKind = {
  errorType: 'overloaded',
  statusCode: 503,
  latency: { median: 400, sigma: 0.6 },
};
const TIMEOUT: FailureKind = {
  errorType: 'timeout',
  statusCode: 504,
  latency: { median: TIMEOUT_MS, sigma: 0 },
};
const CONTENT_FILTER: FailureKind = {
  errorType: 'content_filter',
  statusCode: 400,
  latency: { median: 650, sigma: 0.4 },
};

const ORDINARY_FAILURES = [RATE_LIMIT, SERVER_ERROR, OVERLOADED, TIMEOUT, CONTENT_FILTER];
const ORDINARY_SUMS = cumulative([45, 20, 8, 17, 10]);
const EMBEDDING_SUMS = cumulative([50, 25, 8, 17, 0]);
const INCIDENT_SUMS = cumulative([10, 48, 20, 22, 0]);

function failure(random: Random, model: ModelProfile, inIncident: boolean): Partial<UsageEvent> {
  const sums = inIncident ? INCIDENT_SUMS : model.kind === 'embedding' ? EMBEDDING_SUMS : ORDINARY_SUMS;
  const kind = ORDINARY_FAILURES[pick(random, sums)] ?? SERVER_ERROR;
  return {
    response_time_ms: tenths(logNormal(random, kind.latency)),
    status: 'error',
    status_code: kind.statusCode,
    error_type: kind.errorType,
  };
}

function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
