import { Problem } from '../http/errors.ts';
import { LATENCY_DIMENSIONS, type RollupDimension } from './measures.ts';
import type { Parameters } from './rollup-source.ts';

/**
 * The closed registry of what analytics answers can be grouped and filtered by. Every name that enters a statement comes from here;
 * what a caller writes is looked up, never pasted. A member is a text everywhere: 'true', '429', 'gpt-4o', or null where an event has none.
 */
interface FixedDimension {
  description: string;
  /** The member as text over a row `e` of client_usage_logs. */
  event: string;
  /** Kept in the rollups (column of the same name), so that long ranges are cheap; else only the log of events has it. */
  inRollups: boolean;
  /** The members that there can be, where they are few and known. */
  values?: readonly string[];
  /** What a member looks like, where not every text is one; told to a caller who writes another. */
  pattern?: { regExp: RegExp; words: string };
}

const rolledUp = (name: RollupDimension, description: string): FixedDimension => ({
  description,
  event: `e.${name}`,
  inRollups: true,
});
const BOOLEAN = ['true', 'false'] as const;

export const DIMENSIONS = {
  project_id: rolledUp('project_id', 'Project or application'),
  prompt_id: rolledUp('prompt_id', 'Prompt (template)'),
  prompt_version: rolledUp('prompt_version', 'Version of the prompt'),
  endpoint: rolledUp('endpoint', "The provider's endpoint"),
  model_provider: rolledUp('model_provider', 'Provider, as the sender wrote it'),
  model_name: rolledUp('model_name', 'Model, as the sender wrote it'),
  environment: rolledUp('environment', 'e.g. production'),
  user_id: { description: "The application's user", event: 'e.user_id', inRollups: false },
  session_id: { description: 'Conversation or session', event: 'e.session_id', inRollups: false },
  status: {
    description: 'success or error',
    event: 'e.status',
    inRollups: false,
    values: ['success', 'error'],
  },
  error_type: { description: 'Kind of the error', event: 'e.error_type', inRollups: false },
  status_code: {
    description: "The provider's HTTP status",
    event: 'e.status_code::text',
    inRollups: false,
    pattern: { regExp: /^[1-5]\d{0,2}$/, words: 'an HTTP status such as 429' },
  },
  service_tier: { description: 'e.g. default, batch, flex', event: 'e.service_tier', inRollups: false },
  stream: {
    description: 'Whether the answer was streamed',
    event: 'e.stream::text',
    inRollups: false,
    values: BOOLEAN,
  },
  cache_hit: {
    description: "Answered by the application's own response cache",
    event: 'e.cache_hit::text',
    inRollups: false,
    values: BOOLEAN,
  },
} as const satisfies Record<string, FixedDimension>;

export type FixedDimensionName = keyof typeof DIMENSIONS;
/** `metadata.<key>` is a tag: the text of that field of an event's metadata. */
export type DimensionName = FixedDimensionName | `metadata.${string}`;
export const DIMENSION_NAMES = Object.keys(DIMENSIONS) as FixedDimensionName[];

export const TAG_PREFIX = 'metadata.';
export const MAX_TAG_KEY_LENGTH = 100;
/** For JSON schemas and query strings. */
export const TAG_PATTERN = `metadata\\.[^\\u0000]{1,${MAX_TAG_KEY_LENGTH}}`;
/** Any name of a dimension. */
export const DIMENSION_PATTERN = `^(${DIMENSION_NAMES.join('|')}|${TAG_PATTERN})$`;
const TAG = new RegExp(`^${TAG_PATTERN}$`, 'u');

export interface Dimension extends FixedDimension {
  name: DimensionName;
  inLatencyRollups: boolean;
  /** The field of metadata; undefined for what is no tag. */
  tagKey: string | undefined;
}

/**
 * The entry of the registry for a name that a caller wrote.
 * @param parameter what the caller calls the place, for the error
 * @throws Problem invalid-request that lists the names
 */
export function dimensionOf(name: string, parameter = 'dimension'): Dimension {
  if (Object.hasOwn(DIMENSIONS, name)) {
    return {
      ...(DIMENSIONS[name as FixedDimensionName] as FixedDimension),
      name: name as FixedDimensionName,
      inLatencyRollups: (LATENCY_DIMENSIONS as readonly string[]).includes(name),
      tagKey: undefined,
    };
  }
  if (TAG.test(name)) {
    const tagKey = name.slice(TAG_PREFIX.length);
    return {
      name: name as DimensionName,
      description: `The field ${JSON.stringify(tagKey)} of metadata`,
      event: '',
      inRollups: false,
      inLatencyRollups: false,
      tagKey,
    };
  }
  throw new Problem(
    'invalid-request',
    `${parameter}: ${JSON.stringify(name.slice(0, 100))} is not a dimension; use one of ${DIMENSION_NAMES.join(', ')}, or metadata.<key> for a tag.`,
  );
}

/** The member over a row `e` of client_usage_logs. An empty tag and a tag that is JSON null are no tag; an object is its JSON text. */
export function eventMember({ event, tagKey }: Dimension, parameters: Parameters): string {
  return tagKey === undefined ? event : `nullif(e.metadata ->> ${parameters.add(tagKey)}::text, '')`;
}

/** The column of a dimension in a subquery of usage rows; tags have no name that may enter a statement, so they are numbered. */
export function memberColumn(name: DimensionName, index: number): string {
  return Object.hasOwn(DIMENSIONS, name) ? name : `tag_${index + 1}`;
}
