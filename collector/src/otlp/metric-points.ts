import { createHash } from 'node:crypto';
import type { Attributes } from './attributes.ts';
import { clip } from './clip.ts';
import { resourceKey } from './resource-key.ts';
import type { DataPoint, Temporality } from './telemetry.ts';
import type { UnknownShapes } from './unknown-shapes.ts';

/*
 * What metrics tell of model calls. They are kept apart from events, since nearly every source sends both: a source is recognised by
 * its process and scope, so that whoever shows metered usage can leave out what has events.
 */

/** One point, as it is kept. */
export interface MetricPoint {
  /** Process and scope: of the same source as spans and log records with the same value. */
  sourceKey: string;
  /** The process alone, as reports of calls have it (`relation.resourceKey`). */
  resourceKey: string;
  serviceName: string | null;
  scopeName: string;
  metric: string;
  unit: string;
  /** The one kind of thing that is counted, whatever the emitter calls it. */
  measure: Measure;
  tokenType: TokenType | null;
  provider: string | null;
  model: string | null;
  /** Other attributes that are useful, by name; bounded. */
  attributes: Record<string, string>;
  /** Of all attributes: points of one series follow each other. */
  seriesKey: string;
  temporality: Temporality;
  /** Microseconds since 1970. A cumulative series whose start moves was reset. */
  startUs: number;
  timeUs: number;
  /** Sum of the values: tokens, USD or seconds; null for a distribution that does not tell it. */
  sum: number | null;
  /** How many values were added up; null for plain counters. */
  count: number | null;
}

export type Measure = 'tokens' | 'cost_usd' | 'duration_seconds' | 'first_token_seconds' | 'requests';
export type TokenType = 'input' | 'output' | 'cache_read' | 'cache_write' | 'reasoning' | 'total' | 'unknown';

/**
 * Metrics that are kept. Those of servers (vLLM's gen_ai.server.*) and of instrumentations' insides are not of calls and are left
 * to Prometheus.
 */
const MEASURES: Readonly<Record<string, Measure>> = {
  'gen_ai.client.token.usage': 'tokens',
  'gen_ai.client.inference.usage.input_tokens': 'tokens',
  'gen_ai.client.inference.usage.output_tokens': 'tokens',
  'gen_ai.client.inference.usage.cache_read.input_tokens': 'tokens',
  'gen_ai.client.inference.usage.cache_write.input_tokens': 'tokens',
  'gen_ai.client.inference.usage.reasoning.output_tokens': 'tokens',
  'gen_ai.client.operation.duration': 'duration_seconds',
  'gen_ai.client.inference.duration': 'duration_seconds',
  'gen_ai.client.operation.time_to_first_chunk': 'first_token_seconds',
  'gen_ai.client.time_to_first_token': 'first_token_seconds',
  'gen_ai.server.time_to_first_token': 'first_token_seconds',
  'gen_ai.usage.cost': 'cost_usd',
  'gen_ai.usage.cost_usd': 'cost_usd',
  'gen_ai.total.requests': 'requests',
  'operation.cost': 'cost_usd',
  'claude_code.token.usage': 'tokens',
  'claude_code.cost.usage': 'cost_usd',
  'gemini_cli.token.usage': 'tokens',
  'gemini_cli.api.request.count': 'requests',
  'qwen-code.token.usage': 'tokens',
  'codex.turn.token_usage': 'tokens',
  'llm.watsonx.completions.tokens': 'tokens',
};

const TYPE_BY_METRIC: Readonly<Record<string, TokenType>> = {
  'gen_ai.client.inference.usage.input_tokens': 'input',
  'gen_ai.client.inference.usage.output_tokens': 'output',
  'gen_ai.client.inference.usage.cache_read.input_tokens': 'cache_read',
  'gen_ai.client.inference.usage.cache_write.input_tokens': 'cache_write',
  'gen_ai.client.inference.usage.reasoning.output_tokens': 'reasoning',
};

const TYPES: Readonly<Record<string, TokenType>> = {
  input: 'input',
  prompt: 'input',
  output: 'output',
  completion: 'output',
  cache_read: 'cache_read',
  cacheread: 'cache_read',
  cached_input: 'cache_read',
  cache: 'cache_read',
  cache_write: 'cache_write',
  cache_creation: 'cache_write',
  cachecreation: 'cache_write',
  reasoning: 'reasoning',
  reasoning_output: 'reasoning',
  thought: 'reasoning',
  total: 'total',
};

const KEPT: readonly string[] = [
  'gen_ai.operation.name', 'gen_ai.agent.name', 'gen_ai.token.modality', 'error.type', 'session.id', 'user.id', 'user.email', 'user.account_uuid', 'organization.id', 'gen_ai.application_name',
  'gen_ai.environment', 'deployment.environment', 'query_source', 'terminal.type', 'metadata.user_api_key_alias', 'metadata.user_api_key_team_id',
]; // prettier-ignore
const LONGEST_VALUE = 200;

const MODEL_METRIC = /^(?:gen_ai|llm|claude_code|gemini_cli|qwen-code|codex)\./;

/** The points that are kept; metrics of other things are passed over, unknown ones of models are counted. */
export function metricPoints(points: readonly DataPoint[], unknown: UnknownShapes): MetricPoint[] {
  return points.flatMap((point) => {
    const measure = MEASURES[point.metric];
    if (measure === undefined) {
      if (MODEL_METRIC.test(point.metric) && !KNOWN_UNKEPT.test(point.metric))
        unknown.note(
          `${point.origin.scopeName} ${point.origin.scopeVersion}`.trim(),
          `metric ${point.metric.slice(0, 100)} is not kept`,
          point.attributes.keys(),
        );
      return [];
    }
    const sum = point.kind === 'histogram' ? point.sum : point.value;
    if (sum !== null && (!Number.isFinite(sum) || sum < 0)) return [];
    return [read(point, measure, sum)];
  });
}

/** Known, and of no use here. */
const KNOWN_UNKEPT =
  /^(?:gen_ai\.(?:server\.|client\.(?:generation\.choices|operation\.time_per_output_chunk|response\.duration|tool_calls_per_operation)|workflow\.|invoke_agent\.|execute_tool\.|agent\.|tool\.)|llm\.(?:openai|anthropic|chat_completions)\.|claude_code\.|gemini_cli\.|qwen-code\.|codex\.)/;

function read(point: DataPoint, measure: Measure, sum: number | null): MetricPoint {
  const { attributes, origin } = point;
  const first = (...names: string[]): string | null => {
    for (const name of names) {
      const text = attributes.text(name);
      if (text !== undefined) return clip(text, LONGEST_VALUE);
    }
    return null;
  };
  const type = first(
    'gen_ai.token.type',
    'gen_ai.usage.token_type',
    'llm.usage.token_type',
    'token_type',
    'type',
  );
  return {
    sourceKey: sourceKey(origin.resource, origin.scopeName),
    resourceKey: resourceKey(origin.resource),
    serviceName: origin.resource.text('service.name')?.slice(0, LONGEST_VALUE) ?? null,
    scopeName: origin.scopeName.slice(0, LONGEST_VALUE),
    metric: point.metric,
    unit: point.unit.slice(0, LONGEST_VALUE),
    measure,
    tokenType:
      measure !== 'tokens'
        ? null
        : (TYPE_BY_METRIC[point.metric] ?? TYPES[type?.toLowerCase() ?? ''] ?? 'unknown'),
    provider:
      first('gen_ai.provider.name', 'gen_ai.system', 'llm.provider') ??
      (point.metric.startsWith('claude_code.') ? 'anthropic' : null),
    model: first('gen_ai.response.model', 'gen_ai.request.model', 'model', 'llm.model_name'),
    attributes: Object.fromEntries(
      KEPT.flatMap((name) => {
        const text = first(name);
        return text === null ? [] : [[name, text] as const];
      }),
    ),
    seriesKey: digest([
      point.metric,
      ...[...attributes.keys()]
        .toSorted()
        .map((name) => `${name}=${attributes.text(name) ?? JSON.stringify(attributes.get(name))}`),
    ]),
    temporality: point.temporality,
    startUs: point.startUs,
    timeUs: point.timeUs,
    sum,
    count: point.count,
  };
}

const IDENTIFYING = [
  'service.namespace',
  'service.name',
  'service.instance.id',
  'host.name',
  'host.id',
  'process.pid',
  'k8s.pod.uid',
  'session.id',
];

/** Who sends something: the process by what identifies it in its resource, and the scope within it. The same for all signals. */
export function sourceKey(resource: Attributes, scopeName: string): string {
  return digest([...IDENTIFYING.map((name) => resource.text(name) ?? ''), scopeName]);
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('base64url').slice(0, 22);
}

/** What of a cumulative series was known last. */
export interface LastPoint {
  startUs: number;
  timeUs: number;
  sum: number | null;
  count: number | null;
}

/**
 * What a point adds to its series: a delta as it is; a cumulative one less what was known, or whole where the series is new or began
 * again (its start moved, or it fell). Undefined for a point that is old or known.
 */
export function increase(
  point: MetricPoint,
  last: LastPoint | undefined,
): { sum: number | null; count: number | null } | undefined {
  if (point.temporality === 'delta')
    return last && point.timeUs <= last.timeUs && point.startUs < last.timeUs
      ? undefined
      : { sum: point.sum, count: point.count };
  if (!last) return { sum: point.sum, count: point.count };
  if (point.timeUs <= last.timeUs) return undefined;
  const isReset =
    point.startUs > last.startUs ||
    (point.sum ?? 0) < (last.sum ?? 0) ||
    (point.count ?? 0) < (last.count ?? 0);
  if (isReset) return { sum: point.sum, count: point.count };
  return {
    sum: point.sum === null ? null : point.sum - (last.sum ?? 0),
    count: point.count === null ? null : point.count - (last.count ?? 0),
  };
}
