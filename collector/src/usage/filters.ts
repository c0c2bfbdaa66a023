import { Type, type TSchema } from 'typebox';
import { Problem } from '../http/errors.ts';
import { checkedByRoute } from '../http/checked-by-route.ts';
import {
  DIMENSION_NAMES,
  DIMENSIONS,
  dimensionOf,
  eventMember,
  TAG_PATTERN,
  type Dimension,
  type DimensionName,
  type FixedDimensionName,
} from './dimensions.ts';
import type { Parameters } from './rollup-source.ts';

/**
 * What an answer is narrowed to. Dimensions are joined by AND, and so are the conditions on one dimension. null is the member of events
 * that have none: `in: [null]` finds them, `not_in: ['a']` keeps them, so that `in` and `not_in` of one list always make the whole.
 */
export interface DimensionFilter {
  in?: (string | null)[];
  not_in?: (string | null)[];
  /** Begins with any of these; case matters. */
  prefix?: string[];
}
export type Filters = Partial<Record<DimensionName, DimensionFilter>>;

/** How null is written where only text can be: `model_name=__none__`, `user_id=`. */
export const NONE = '__none__';
const MAX_VALUES = 100;
const MAX_VALUE_LENGTH = 500;
const MAX_DIMENSIONS = 20;
const OPERATORS = ['in', 'not_in', 'prefix'] as const;
type Operator = (typeof OPERATORS)[number];

/** A value of a filter: any text but NUL or, of a dimension whose members are known, one of them. */
function valueSchema(operator: Operator, name?: FixedDimensionName): TSchema {
  const dimension = name === undefined ? undefined : dimensionOf(name);
  return Type.String({ maxLength: MAX_VALUE_LENGTH, ...checkedByRoute(valueForm(operator, dimension)) });
}

function valueForm(operator: Operator, { values, pattern }: Partial<Dimension> = {}): object {
  if (values) return { enum: [...values, NONE, ''] };
  if (operator === 'prefix') return { pattern: pattern?.regExp.source ?? `^(?!${NONE}$)[^\\u0000]+$` };
  return { pattern: pattern ? `${pattern.regExp.source}|^(${NONE})?$` : '^[^\\u0000]*$' };
}

const filterSchema = (name?: FixedDimensionName) => {
  const nullable = (operator: Operator): TSchema => Type.Union([valueSchema(operator, name), Type.Null()]);
  const prefix = valueSchema('prefix', name);
  return Type.Object(
    {
      in: Type.Optional(
        Type.Array(nullable('in'), {
          minItems: 1,
          maxItems: MAX_VALUES,
          description: `Any of these; null (or "", or "${NONE}") is the member of events that have none`,
        }),
      ),
      not_in: Type.Optional(
        Type.Array(nullable('not_in'), {
          minItems: 1,
          maxItems: MAX_VALUES,
          description: 'None of these; events without a value stay, unless null is listed',
        }),
      ),
      prefix: Type.Optional(
        Type.Union([prefix, Type.Array(prefix, { minItems: 1, maxItems: MAX_VALUES })], {
          description: 'Begins with this, or with any of these',
        }),
      ),
    },
    { additionalProperties: false, minProperties: 1 },
  );
};

/** The JSON form, for budgets and alert rules: `{"model_name": {"in": ["gpt-4o"]}, "metadata.team": {"not_in": ["search"]}}`. */
export const FiltersSchema = Type.Object(
  Object.fromEntries(
    DIMENSION_NAMES.map((name) => [
      name,
      Type.Optional(
        Type.Object(filterSchema(name).properties, {
          additionalProperties: false,
          minProperties: 1,
          description: DIMENSIONS[name].description,
        }),
      ),
    ]),
  ),
  {
    additionalProperties: false,
    maxProperties: MAX_DIMENSIONS,
    patternProperties: { [`^${TAG_PATTERN}$`]: filterSchema() },
    description: 'Dimensions are joined by AND; metadata.<key> is a tag',
  },
);

/**
 * Reads the JSON form, from a body or from a row of the database.
 * @returns the same with null for every way to write it; {} for null or undefined
 * @throws Problem invalid-request that names the place
 */
export function parseFilters(json: unknown, place = 'filters'): Filters {
  if (json === null || json === undefined) return {};
  if (!isObject(json)) throw wrong(place, 'must be an object such as {"model_name": {"in": ["gpt-4o"]}}');
  const names = Object.keys(json);
  if (names.length > MAX_DIMENSIONS)
    throw wrong(place, `at most ${MAX_DIMENSIONS} dimensions can be filtered by`);
  const filters: Filters = {};
  for (const name of names) {
    const dimension = dimensionOf(name, place);
    const at = `${place}.${name}`;
    const given = json[name];
    if (!isObject(given))
      throw wrong(at, 'must be an object such as {"in": ["…"]}, {"not_in": ["…"]} or {"prefix": "…"}');
    const filter: DimensionFilter = {};
    for (const [operator, operand] of Object.entries(given)) {
      if (!OPERATORS.includes(operator as Operator)) {
        throw wrong(
          at,
          `${JSON.stringify(operator.slice(0, 50))} is not known here; use ${OPERATORS.join(', ')}`,
        );
      }
      const values = operator === 'prefix' && typeof operand === 'string' ? [operand] : operand;
      if (!Array.isArray(values)) throw wrong(`${at}.${operator}`, 'must be a list of texts');
      setOperator(filter, operator as Operator, values, dimension, `${at}.${operator}`);
    }
    if (Object.keys(filter).length === 0) throw wrong(at, `says nothing; use ${OPERATORS.join(', ')}`);
    filters[dimension.name] = filter;
  }
  return filters;
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function wrong(place: string, reason: string): Problem {
  return new Problem('invalid-request', `${place}: ${reason}.`);
}

function setOperator(
  filter: DimensionFilter,
  operator: Operator,
  values: readonly unknown[],
  dimension: Dimension,
  place: string,
): void {
  if (values.length === 0) throw wrong(place, 'is an empty list; leave it out, or name what is wanted');
  if (values.length > MAX_VALUES)
    throw wrong(place, `has ${values.length} values; at most ${MAX_VALUES} are taken`);
  const members = values.map((one) => {
    if (one === null || one === '' || one === NONE) return null;
    if (typeof one !== 'string') throw wrong(place, `${JSON.stringify(one)} is not a text`);
    if (one.length > MAX_VALUE_LENGTH)
      throw wrong(place, `a value is longer than ${MAX_VALUE_LENGTH} characters`);
    if (one.includes('\0')) throw wrong(place, 'a value holds a NUL character, which no event has');
    return one;
  });
  if (operator === 'prefix') {
    if (dimension.values)
      throw wrong(place, `${dimension.name} is one of ${dimension.values.join(', ')}; name it in full`);
    const prefixes = members.filter((one) => one !== null);
    if (prefixes.length < members.length) throw wrong(place, 'an empty prefix says nothing; leave it out');
    if (dimension.pattern) checkPattern(prefixes, dimension.pattern, place);
    filter.prefix = prefixes;
    return;
  }
  const named = members.filter((one) => one !== null);
  const unknown = dimension.values && named.find((one) => !dimension.values?.includes(one));
  if (unknown !== undefined) {
    throw wrong(place, `${JSON.stringify(unknown)} must be one of ${dimension.values?.join(', ') ?? ''}`);
  }
  if (dimension.pattern) checkPattern(named, dimension.pattern, place);
  filter[operator] = [...new Set(members)];
}

function checkPattern(
  values: string[],
  { regExp, words }: NonNullable<Dimension['pattern']>,
  place: string,
): void {
  const odd = values.find((one) => !regExp.test(one));
  if (odd !== undefined) throw wrong(place, `${JSON.stringify(odd)} is not ${words}`);
}

// How filters are written in a query string: model_name=a&model_name=b, not.model_name=c, prefix.model_name=gpt-.
const QUERY_OPERATORS: readonly { prefix: string; operator: Operator; words: string }[] = [
  { prefix: '', operator: 'in', words: 'Only this' },
  { prefix: 'not.', operator: 'not_in', words: 'Without this' },
  { prefix: 'prefix.', operator: 'prefix', words: 'Only what begins with this' },
];

const queryValue = (operator: Operator, name?: FixedDimensionName, options = {}): TSchema => {
  const value = valueSchema(operator, name);
  return Type.Union([value, Type.Array(value, { minItems: 1, maxItems: MAX_VALUES })], options);
};

const filterQuery = (names: readonly FixedDimensionName[]) =>
  Object.fromEntries(
    QUERY_OPERATORS.flatMap(({ prefix, operator, words }) =>
      names
        .filter((name) => operator !== 'prefix' || !('values' in DIMENSIONS[name]))
        .map((name) => [
          `${prefix}${name}`,
          Type.Optional(
            queryValue(operator, name, {
              description: `${words} ${name} (${DIMENSIONS[name].description}); may be given more than once${operator === 'prefix' ? '' : `; ${NONE} is events without one`}`,
            }),
          ),
        ]),
    ),
  );

/** Query parameters of every dimension but tags, for a route's schema. Tags need `FilterQueryPatterns` beside it. */
export const FilterQueryProperties = filterQuery(DIMENSION_NAMES);

/** The same for answers that are made of the rollups alone. */
export const RollupFilterQueryProperties = filterQuery(
  DIMENSION_NAMES.filter((name) => DIMENSIONS[name].inRollups),
);

/** `patternProperties` of a route's querystring: tags, `metadata.team=search`, `not.metadata.team=…`, `prefix.metadata.team=…`. */
export const FilterQueryPatterns = {
  [`^(not\\.)?${TAG_PATTERN}$`]: queryValue('in'),
  [`^prefix\\.${TAG_PATTERN}$`]: queryValue('prefix'),
};

/**
 * Filters of a query string; parameters that are no filters are left alone.
 * @throws Problem invalid-request that names the parameter
 */
export function readFilters(query: Record<string, unknown>): Filters {
  const filters: Filters = {};
  for (const [parameter, given] of Object.entries(query)) {
    if (given === undefined) continue;
    const { prefix, operator } = QUERY_OPERATORS.findLast((one) => parameter.startsWith(one.prefix)) ?? {
      prefix: '',
      operator: 'in' as const,
    };
    const name = parameter.slice(prefix.length);
    if (!DIMENSION_NAMES.includes(name as FixedDimensionName) && !name.startsWith('metadata.')) continue;
    const dimension = dimensionOf(name, parameter);
    const filter = (filters[dimension.name] ??= {});
    setOperator(filter, operator, Array.isArray(given) ? given : [given], dimension, parameter);
  }
  if (Object.keys(filters).length > MAX_DIMENSIONS) {
    throw wrong('query', `at most ${MAX_DIMENSIONS} dimensions can be filtered by`);
  }
  return filters;
}

/** Adds filters to a query string, as `readFilters` reads them. */
export function writeFilters(query: URLSearchParams, filters: Filters): void {
  for (const [name, filter] of Object.entries(filters) as [DimensionName, DimensionFilter][])
    for (const { prefix, operator } of QUERY_OPERATORS)
      for (const one of filter[operator] ?? []) query.append(`${prefix}${name}`, one ?? NONE);
}

/** The dimensions that filters are about. */
export function filteredDimensions(filters: Filters): DimensionName[] {
  return Object.keys(filters) as DimensionName[];
}

/**
 * SQL of the filters, ` AND …` for each dimension.
 * @param rows whether the rows are a rollup's, with a column for each dimension, or events `e` of client_usage_logs; or how a member is read
 */
export function filterConditions(
  filters: Filters,
  parameters: Parameters,
  rows: 'rollup' | 'events' | ((name: DimensionName) => string) = 'rollup',
): string {
  return (Object.entries(filters) as [DimensionName, DimensionFilter][])
    .flatMap(([name, filter]) => {
      const dimension = dimensionOf(name);
      return conditionsOf(memberIn(rows, dimension, parameters), filter, parameters);
    })
    .map((condition) => ` AND ${condition}`)
    .join('');
}

function memberIn(
  rows: 'rollup' | 'events' | ((name: DimensionName) => string),
  dimension: Dimension,
  parameters: Parameters,
): string {
  if (typeof rows === 'function') return rows(dimension.name);
  if (rows === 'events') return eventMember(dimension, parameters);
  if (dimension.inRollups) return dimension.name;
  throw new Error(`${dimension.name} is in no rollup; its filters need the events.`);
}

function conditionsOf(member: string, filter: DimensionFilter, parameters: Parameters): string[] {
  const named = (members: (string | null)[]): string =>
    `${parameters.add(members.filter((one) => one !== null))}::text[]`;
  const conditions: string[] = [];
  if (filter.in) {
    const isOne = `${member} = ANY(${named(filter.in)})`;
    conditions.push(filter.in.includes(null) ? `(${member} IS NULL OR ${isOne})` : isOne);
  }
  if (filter.not_in) {
    const isNone = `${member} <> ALL(${named(filter.not_in)})`;
    conditions.push(
      filter.not_in.includes(null)
        ? `(${member} IS NOT NULL AND ${isNone})`
        : `(${member} IS NULL OR ${isNone})`,
    );
  }
  if (filter.prefix) conditions.push(`${member} ^@ ANY(${parameters.add(filter.prefix)}::text[])`);
  return conditions;
}

/**
 * Whether one call is inside the filters, in memory: the same rules as the SQL.
 * @param memberOf the call's member of a dimension, null where it has none
 */
export function isInside(filters: Filters, memberOf: (name: DimensionName) => string | null): boolean {
  return (Object.entries(filters) as [DimensionName, DimensionFilter][]).every(([name, filter]) => {
    const member = memberOf(name);
    return (
      (filter.in === undefined || filter.in.includes(member)) &&
      (filter.not_in === undefined || !filter.not_in.includes(member)) &&
      (filter.prefix === undefined ||
        (member !== null && filter.prefix.some((prefix) => member.startsWith(prefix))))
    );
  });
}
