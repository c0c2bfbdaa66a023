import type { TSchema } from 'typebox';
import { BudgetSchema } from '../budgets/draft.ts';
import { StatusSchema } from '../budgets/status.ts';
import { CHECKED_BY_ROUTE } from '../http/checked-by-route.ts';
import { ProblemSchema } from '../http/problem-json.ts';
import { PostedEventSchema } from '../ingest/event-schema.ts';
import { ChannelSchema } from '../notifications/channel-draft.ts';
import { DeliverySchema } from '../notifications/delivery-log.ts';
import { RouteSchema } from '../notifications/route.ts';
import { OtlpAnswerSchema, RpcStatusSchema } from '../otlp/answer-schemas.ts';
import { PriceSchema } from '../pricing/price-answer.ts';
import { PriceInput } from '../pricing/price-input.ts';
import { ChangeSchema, JobSchema } from '../repricing/job.ts';
import { ApiKeySchema, TenantSchema } from '../tenants/routes.ts';
import {
  FreshnessSchema,
  MaybeSeriesPeriodSchema,
  PercentilesSchema,
  PeriodSchema,
  RangeSchema,
} from '../usage/answer-parts.ts';
import { FiguresSchema } from '../usage/figures.ts';
import { FiltersSchema } from '../usage/filters.ts';
import { StoredEventSchema } from '../usage/stored-event.ts';

/** Schemas that generated clients have a type for by name. Wherever one stands in the description, it is a reference. */
const NAMED: Record<string, TSchema | object> = {
  Problem: ProblemSchema,
  PostedEvent: PostedEventSchema,
  StoredEvent: StoredEventSchema,
  Figures: FiguresSchema,
  Filters: FiltersSchema,
  Freshness: FreshnessSchema,
  Percentiles: PercentilesSchema,
  Range: RangeSchema,
  Period: PeriodSchema,
  MaybeSeriesPeriod: MaybeSeriesPeriodSchema,
  Budget: BudgetSchema,
  BudgetStatus: StatusSchema,
  Price: PriceSchema,
  PriceInput,
  NotificationChannel: ChannelSchema,
  NotificationRoute: RouteSchema,
  NotificationDelivery: DeliverySchema,
  OtlpAnswer: OtlpAnswerSchema,
  RpcStatus: RpcStatusSchema,
  ApiKey: ApiKeySchema,
  Tenant: TenantSchema,
  RepricingJob: JobSchema,
  RepricingChange: ChangeSchema,
};

type Json = Record<string, unknown>;

/** Puts the named schemas into the components of a document, and references in their places: in the components themselves too. */
export class NamedSchemas {
  readonly #names = new Map<string, string>();
  readonly #schemas: Record<string, unknown> = {};

  constructor() {
    for (const [name, schema] of Object.entries(NAMED)) this.#names.set(keyOf(plain(schema)), name);
    for (const [name, schema] of Object.entries(NAMED)) this.#schemas[name] = this.#inside(plain(schema));
  }

  /** A schema as it came from swagger, with references where it, or a part of it, has a name. */
  referring(schema: unknown): unknown {
    return this.#refer(described(schema));
  }

  #refer(schema: unknown): unknown {
    if (typeof schema !== 'object' || schema === null) return schema;
    if (Array.isArray(schema)) return schema.map((one) => this.#refer(one));
    const name = this.#names.get(keyOf(schema as Json));
    return name === undefined ? this.#inside(schema as Json) : reference(name, schema as Json);
  }

  /** The same for a schema that gets a name of its own here. */
  named(name: string, schema: unknown): unknown {
    const referring = this.referring(schema) as Json;
    if ('$ref' in referring) return referring;
    const free = name in NAMED ? `${name}Answer` : name;
    if (free in this.#schemas) throw new Error(`Two schemas of the description want the name ${free}.`);
    this.#schemas[free] = referring;
    return reference(free, {});
  }

  /** `components.schemas`, by name. */
  get components(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this.#schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #inside(schema: Json): Json {
    return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, this.#refer(value)]));
  }
}

/** Swagger would make additionalProperties of patternProperties; under this name it passes them by. */
const KEPT_PATTERNS = 'x-pattern-properties';

/** A copy of a route's schema that swagger leaves as it is. */
export function keepPatterns<Schema>(schema: Schema): Schema {
  return mapped(schema, (key, value) => {
    if (key !== 'patternProperties') return { [key]: value };
    const any = (value as Json)['^.*$'];
    // "Any name" needs no pattern.
    return any === undefined ? { [KEPT_PATTERNS]: value } : { additionalProperties: any };
  }) as Schema;
}

/** The same as it stands in the description. */
function described(schema: unknown): unknown {
  return mapped(schema, (key, value) => {
    if (key === CHECKED_BY_ROUTE) return value as Json;
    return { [key === KEPT_PATTERNS ? 'patternProperties' : key]: value };
  });
}

function mapped(schema: unknown, of: (key: string, value: unknown) => Json): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map((one) => mapped(one, of));
  return Object.assign(
    {},
    ...Object.entries(schema).map(([key, value]) => of(key, mapped(value, of))),
  ) as Json;
}

/** What a description adds stays beside the reference, as OpenAPI 3.1 allows. */
function reference(name: string, { description }: Json): Json {
  const $ref = `#/components/schemas/${name}`;
  return description === undefined ? { $ref } : { $ref, description };
}

function keyOf({ description: _description, ...rest }: Json): string {
  return JSON.stringify(rest);
}

/** Without what only TypeBox sees. */
function plain(schema: object): Json {
  return described(keepPatterns(JSON.parse(JSON.stringify(schema)))) as Json;
}
