import type { Scope } from '../tenants/api-key.ts';

/** A request that works, as the description shows it and as a test sends it. */
export interface Example {
  summary?: string;
  path?: Record<string, string | number>;
  /** Values of query parameters; a list is sent as the same parameter several times. */
  query?: Record<string, string | number | boolean | string[]>;
  /** Tags to filter by, e.g. `{ 'metadata.team': 'search' }`. */
  tags?: Record<string, string>;
  headers?: Record<string, string>;
  /** Of the body; application/json without it. */
  contentType?: string;
  body?: unknown;
  /** The answer, where it is short, with its status; without a status it is of the operation's first 2xx. */
  answer?: unknown;
  status?: number;
}

/** What the description says about a route beside its schemas. */
export interface Operation {
  /** Stable: generated clients name their functions and types by it. */
  operationId: string;
  /** What a key must have; any of several; none where no key is asked for. */
  scopes: readonly Scope[];
  examples: Record<string, Example>;
}

/** Operations by `METHOD /path` as the router has it. */
export type Operations = Record<string, Operation>;
