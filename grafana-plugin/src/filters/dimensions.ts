/** The dimensions of the API in people's words. The registry itself is the collector's (usage/dimensions.ts); a test holds the two together. */
export const DIMENSION_LABELS = {
  project_id: 'Project',
  prompt_id: 'Prompt',
  prompt_version: 'Prompt version',
  endpoint: 'Endpoint',
  model_provider: 'Provider',
  model_name: 'Model',
  environment: 'Environment',
  user_id: 'User',
  session_id: 'Session',
  status: 'Status',
  error_type: 'Error type',
  status_code: 'HTTP status',
  service_tier: 'Service tier',
  stream: 'Streamed',
  cache_hit: 'Answered by cache',
} as const;

export type DimensionName = keyof typeof DIMENSION_LABELS;
export const DIMENSIONS = Object.keys(DIMENSION_LABELS) as DimensionName[];

/** The name of a dimension for people; a tag (`metadata.team`) is its key. */
export function dimensionLabel(name: string): string {
  if (Object.hasOwn(DIMENSION_LABELS, name)) return DIMENSION_LABELS[name as DimensionName];
  return name.startsWith('metadata.') ? name.slice('metadata.'.length) : name;
}

export function isDimension(name: string): boolean {
  return Object.hasOwn(DIMENSION_LABELS, name) || /^metadata\..{1,100}$/u.test(name);
}

/** What a member is called; null are the events that have none. */
export function memberLabel(dimension: string, value: string | null): string {
  return value ?? (dimension.startsWith('metadata.') ? '(untagged)' : '(none)');
}

/** A label that can be seen: an empty one is written as such. */
export function visibleLabel(label: string): string {
  return label === '' ? '""' : label;
}

/** How a member is written in a URL and in the API's query. */
export function memberText(value: string | null): string {
  return value ?? '__none__';
}

/** The member that a URL or the API's query writes so. */
export function memberOf(text: string): string | null {
  return text === '' || text === '__none__' ? null : text;
}
