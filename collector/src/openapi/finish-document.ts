import { STATUS_CODES } from 'node:http';
import { ProblemSchema } from '../http/problem-json.ts';
import { PeriodQuery } from '../usage/answer-parts.ts';
import { FilterQueryProperties } from '../usage/filters.ts';
import { NamedSchemas } from './named-schemas.ts';
import type { Example, Operation } from './operation.ts';

/** The parts of an OpenAPI document that are looked at here. */
export interface OpenApiDocument {
  openapi: string;
  info: { version: string };
  components: Record<string, Record<string, unknown>>;
  paths: Record<string, Record<string, OpenApiOperation>>;
}
export interface OpenApiOperation {
  operationId?: string;
  description?: string;
  security?: Record<string, string[]>[];
  parameters?: (OpenApiParameter | { $ref: string })[];
  requestBody?: { required?: boolean; content: Record<string, OpenApiMedia> };
  responses: Record<string, OpenApiResponse | { $ref: string }>;
}
export interface OpenApiParameter {
  name: string;
  in: string;
  schema: unknown;
  [field: string]: unknown;
}
export interface OpenApiResponse {
  description: string;
  headers?: Record<string, unknown>;
  content?: Record<string, OpenApiMedia>;
}
export interface OpenApiMedia {
  schema?: unknown;
  examples?: Record<string, { summary?: string; value: unknown }>;
}

/** What is known of a route beside its schemas. */
export interface Described {
  operation: Operation | undefined;
  /** The tags that its query string takes, by the pattern of their names. */
  tagPatterns: Record<string, object>;
  /** Whether its answers are kept, so that they have an ETag. */
  isKept: boolean;
}

const PROBLEM = { $ref: '#/components/responses/Problem' };
/** Parameters that many operations have: each stands once in the components. */
const SHARED_PARAMETERS = new Set([...Object.keys(PeriodQuery), ...Object.keys(FilterQueryProperties)]);

/** Adds to the document of the routes' schemas what these cannot say: examples, problems, tags in query strings, names. */
export function finishDocument(
  document: OpenApiDocument,
  described: ReadonlyMap<string, Described>,
): OpenApiDocument {
  const schemas = new NamedSchemas();
  const parameters = new Map<string, OpenApiParameter>();
  const paths = Object.entries(document.paths)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, operations]) => [
      path,
      Object.fromEntries(
        Object.entries(operations).map(([method, operation]) => [
          method,
          finishOperation(operation, described.get(`${method.toUpperCase()} ${path}`), schemas, parameters),
        ]),
      ),
    ]);
  return {
    ...document,
    components: {
      securitySchemes: document.components['securitySchemes'] ?? {},
      parameters: Object.fromEntries([...parameters].sort(([a], [b]) => (a < b ? -1 : 1))),
      responses: {
        Problem: {
          description: 'Why not, and what to do (RFC 9457)',
          content: { 'application/problem+json': { schema: schemas.referring(ProblemSchema) } },
        },
      },
      schemas: schemas.components,
    },
    paths: Object.fromEntries(paths) as OpenApiDocument['paths'],
  };
}

function finishOperation(
  given: OpenApiOperation,
  { operation, tagPatterns, isKept }: Described = { operation: undefined, tagPatterns: {}, isKept: false },
  schemas: NamedSchemas,
  shared: Map<string, OpenApiParameter>,
): OpenApiOperation {
  const examples = Object.entries(operation?.examples ?? {});
  const all = (given.parameters ?? []).filter(isParameter);
  if (Object.keys(tagPatterns).length > 0) all.push(tagsParameter(tagPatterns));
  const parameters = all.map((parameter) => {
    const own = { ...parameter, schema: schemas.referring(parameter.schema) };
    const values = examples.flatMap(([name, example]) => {
      const value = parameterValue(parameter, example);
      return value === undefined ? [] : [[name, { value }] as const];
    });
    return values.length > 0 ? { ...own, examples: Object.fromEntries(values) } : once(own, shared);
  });
  const content = Object.entries(given.requestBody?.content ?? {}).map(([type, media]) => {
    const bodies = examples.filter(
      ([, { body, contentType = 'application/json' }]) => body !== undefined && contentType === type,
    );
    return [
      type,
      withExamples(
        media,
        bodies.map(([name, { body }]) => [name, body]),
        schemas,
      ),
    ] as const;
  });
  const { operationId = '', requestBody, responses, ...rest } = given;
  const scopes = operation?.scopes ?? [];
  return {
    ...rest,
    operationId,
    description: [
      given.description,
      scopes.length > 0 ? `Scope: ${scopes.map((scope) => `\`${scope}\``).join(' or ')}.` : 'Needs no key.',
    ]
      .filter((text) => text !== undefined)
      .join('\n\n'),
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody && { requestBody: { ...requestBody, content: Object.fromEntries(content) } }),
    responses: finishResponses(operationId, responses, examples, isKept, schemas),
  };
}

function finishResponses(
  operationId: string,
  given: OpenApiOperation['responses'],
  examples: [string, Example][],
  isKept: boolean,
  schemas: NamedSchemas,
): OpenApiOperation['responses'] {
  const responses: OpenApiOperation['responses'] = {};
  const first = Object.keys(given).find((status) => status.startsWith('2'));
  for (const [status, response] of Object.entries(given)) {
    if ('$ref' in response) continue;
    const answers = examples.flatMap(([name, { answer, status: asked = first }]) =>
      answer !== undefined && String(asked) === status ? [[name, answer] as [string, unknown]] : [],
    );
    const content = Object.entries(response.content ?? {}).map(([type, media]) => {
      const schema = isObjectSchema(media.schema)
        ? schemas.named(answerName(operationId, status), media.schema)
        : schemas.referring(media.schema);
      return [
        type,
        withExamples({ ...media, schema }, type === 'application/x-protobuf' ? [] : answers, schemas),
      ];
    });
    responses[status] = {
      ...response,
      ...(response.description === 'Default Response' && { description: STATUS_CODES[status] ?? status }),
      ...(isKept && status === '200' && { headers: { etag: { schema: { type: 'string' } } } }),
      ...(content.length > 0 && { content: Object.fromEntries(content) as Record<string, OpenApiMedia> }),
    };
  }
  if (isKept) responses['304'] = { description: 'Not modified since the ETag of If-None-Match' };
  responses['4XX'] ??= PROBLEM;
  responses['5XX'] ??= PROBLEM;
  return responses;
}

function isParameter(parameter: OpenApiParameter | { $ref: string }): parameter is OpenApiParameter {
  return !('$ref' in parameter);
}

/** Query parameters whose names are for the caller to choose: an exploded object, so that each property is a parameter. */
function tagsParameter(patternProperties: Record<string, object>): OpenApiParameter {
  const isFilter = Object.keys(patternProperties).length > 1;
  return {
    name: 'tags',
    in: 'query',
    required: false,
    style: 'form',
    explode: true,
    description: isFilter
      ? 'Filters by tags, each a parameter: metadata.team=search, not.metadata.team=…, prefix.metadata.team=…'
      : "The call's tags, each a parameter: metadata.team=search",
    schema: { type: 'object', patternProperties, additionalProperties: false },
  };
}

function parameterValue({ name, in: place }: OpenApiParameter, example: Example): unknown {
  if (place === 'path') return example.path?.[name];
  if (place === 'header') return example.headers?.[name];
  return name === 'tags' ? example.tags : example.query?.[name];
}

/** A reference to a parameter of the components, where it is one that many operations have alike. */
function once(
  parameter: OpenApiParameter,
  shared: Map<string, OpenApiParameter>,
): OpenApiParameter | { $ref: string } {
  if (!SHARED_PARAMETERS.has(parameter.name)) return parameter;
  const known = shared.get(parameter.name);
  if (known && JSON.stringify(known) !== JSON.stringify(parameter)) return parameter;
  shared.set(parameter.name, parameter);
  return { $ref: `#/components/parameters/${parameter.name}` };
}

function withExamples(
  media: OpenApiMedia,
  values: readonly (readonly [string, unknown])[],
  schemas: NamedSchemas,
): OpenApiMedia {
  return {
    ...media,
    schema: schemas.referring(media.schema),
    ...(values.length > 0 && {
      examples: Object.fromEntries(values.map(([name, value]) => [name, { value }])),
    }),
  };
}

function isObjectSchema(schema: unknown): boolean {
  return (schema as { type?: unknown } | undefined)?.type === 'object';
}

/** getUsageOverview answers with UsageOverview, compareUsage with CompareUsageAnswer. */
function answerName(operationId: string, status: string): string {
  const name = operationId.charAt(0).toUpperCase() + operationId.slice(1);
  const known = /^(?:Get)(.+)$/.exec(name)?.[1] ?? `${name}Answer`;
  return status.startsWith('2') ? known : `${known}${status}`;
}
