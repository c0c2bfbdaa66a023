import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { LightMyRequestResponse } from 'fastify';
import { FORMATS } from '../http/checked-by-route.ts';
import { keyIdOf, SCOPES, type Scope } from '../tenants/api-key.ts';
import { FIRST_TENANT, startTestCollector, type TestCollector } from '../testing/test-collector.ts';
import { derivedOperationId, OPERATIONS } from './operations.ts';
import type { OpenApiDocument, OpenApiMedia, OpenApiOperation } from './finish-document.ts';
import { requestOf, servedExamples, type ServedExample } from './served-examples.ts';

/*
 * The document as a running collector serves it, and nothing else, makes the requests and says what must be answered.
 */

/** What takes away or needs what another example made comes late. */
const LATE = [
  'updateBudget',
  'endPrice',
  'applyRepricing',
  'cancelRepricing',
  'deleteBudget',
  'deleteAlertRule',
  'deleteNotificationRoute',
  'deleteNotificationChannel',
  'deleteExport',
  'revokeApiKey',
  'dropSqlRole',
];
/** What the rest asks about comes first. */
const EARLY = [
  'recordUsage',
  'exportTraces',
  'createBudget',
  'createAlertRule',
  'receiveGrafanaAlerts',
  'createNotificationChannel',
  'createNotificationRoute',
  'addPrice',
  'startRepricing',
  'createExport',
  'createExportLink',
  'createApiKey',
  'createSqlRole',
];

let collector: TestCollector;
let document: OpenApiDocument;
let examples: Map<string, ServedExample[]>;
let ajv: Ajv2020;

/** Numbers and names that the collector gave, in place of those of the examples. */
const made: Record<string, unknown> = {};
const real = (name: string, value: unknown): unknown => (name in made ? made[name] : value);

beforeAll(async () => {
  collector = await startTestCollector();
  document = (await collector.app.inject('/docs/json')).json<OpenApiDocument>();
  examples = servedExamples(document);
  ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  for (const format of Object.values(FORMATS)) ajv.addFormat(format, true);
  ajv.addSchema(closed({ components: document.components }) as object, 'document');
  made['api_key'] = collector.apiKey;
});
afterAll(() => collector.close());

/** Schemas that refuse what they do not name: an answer that has more than is documented is wrong too. */
function closed(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(closed);
  const inside: Record<string, unknown> = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      // Examples, enums and the like are values.
      ['examples', 'enum', 'const', 'default'].includes(key) ? value : closed(value),
    ]),
  );
  if (typeof inside['$ref'] === 'string') inside['$ref'] = inside['$ref'].replace('#', 'document#');
  if (inside['type'] === 'object' && 'properties' in inside && !('additionalProperties' in inside))
    inside['additionalProperties'] = false;
  return inside;
}

const compiled = new Map<unknown, ValidateFunction>();
function complaints(schema: unknown, value: unknown): unknown[] {
  let validate = compiled.get(schema);
  if (!validate) compiled.set(schema, (validate = ajv.compile(closed(schema) as object)));
  return validate(value) ? [] : (validate.errors ?? []);
}

/** What is documented of an answer's status and content type. */
function mediaOf(operation: OpenApiOperation, status: number, contentType: string): OpenApiMedia | undefined {
  const response =
    operation.responses[String(status)] ?? operation.responses[`${Math.floor(status / 100)}XX`];
  const followed =
    response && '$ref' in response
      ? (document.components['responses']?.Problem as { content: Record<string, OpenApiMedia> })
      : response;
  return followed?.content?.[contentType.split(';')[0] ?? ''];
}

const answered = (answer: LightMyRequestResponse): string => answer.headers['content-type'] ?? '';

async function send(example: ServedExample): Promise<LightMyRequestResponse> {
  const answer = await collector.call(requestOf(example, real));
  if (answer.statusCode >= 400 || !answered(answer).startsWith('application/json')) return answer;
  const { operationId } = example.operation;
  const body = answer.json<Record<string, unknown>>();
  if (operationId === 'createApiKey') made['key_id'] = body['key_id'];
  if (operationId === 'createSqlRole') made['role_name'] = body['role_name'];
  if (operationId === 'createBudget') made['budget_id'] = body['budget_id'];
  if (operationId === 'createAlertRule') made['rule_id'] = body['rule_id'];
  if (operationId === 'listAlerts')
    made['alert_id'] = (body['alerts'] as { alert_id: number }[])[0]?.alert_id;
  if (operationId === 'createNotificationChannel') {
    made['channel_id'] = body['channel_id'];
    made['delivery_id'] = await deliveryGivenUp(body['channel_id']);
  }
  if (operationId === 'createNotificationRoute') made['route_id'] = body['route_id'];
  if (operationId === 'addPrice') made['price_id'] = body['price_id'];
  if (operationId === 'startRepricing') made['job_id'] = body['job_id'];
  if (operationId === 'createExport') made['export_id'] = await exportIsOver(body['export_id']);
  if (operationId === 'createExportLink') made['token'] = String(body['path']).split('/').at(-1);
  return answer;
}

/** A message that could not be sent: nothing in the API makes one. */
async function deliveryGivenUp(channelId: unknown): Promise<unknown> {
  const { rows } = await collector.pool.query<{ delivery_id: number }>(
    `INSERT INTO notification_deliveries (tenant_id, channel_id, group_key, idempotency_key, status, give_up_at, created_at)
     SELECT tenant_id, channel_id, '[]', 'pon_' || channel_id, 'dead', now(), now() FROM notification_channels WHERE channel_id = $1
     RETURNING delivery_id`,
    [channelId],
  );
  return rows[0]?.delivery_id;
}

/** The status that an example promises: of its answer, or else the operation's first success. */
function promised({ operation, name }: ServedExample): number {
  const statuses = Object.keys(operation.responses).filter((status) => /^\d+$/.test(status));
  const withAnswer = statuses.find((status) => {
    const response = operation.responses[status];
    return (
      response !== undefined &&
      !('$ref' in response) &&
      Object.values(response.content ?? {}).some(({ examples: answers }) => answers && name in answers)
    );
  });
  return Number(withAnswer ?? statuses[0]);
}

const IDS = Object.values(OPERATIONS).map(({ operationId }) => operationId);
const ORDER = [...EARLY, ...IDS.filter((id) => ![...EARLY, ...LATE].includes(id)), ...LATE];

test('the document is valid OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate({ ...structuredClone(document) });
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
});

test('every route of the API is described, and nothing else', () => {
  expect([...examples.keys()].sort()).toEqual([...IDS].sort());
  expect(new Set(IDS).size).toBe(IDS.length);
  expect(derivedOperationId('GET', '/v1/a/:b')).toBe('get_v1_a_b');
});

test.each(IDS)('%s has a summary, a description, tags that are explained, and an example', (operationId) => {
  const operation = Object.values(document.paths)
    .flatMap((operations) => Object.values(operations))
    .find((one) => one.operationId === operationId);
  expect(operation).toMatchObject({ summary: expect.any(String), description: expect.any(String) });
  const tags = (document as unknown as { tags: { name: string }[] }).tags.map(({ name }) => name);
  const own = (operation as unknown as { tags: string[] }).tags;
  expect(own.length).toBeGreaterThan(0);
  expect(tags).toEqual(expect.arrayContaining(own));
  expect(examples.get(operationId)).not.toEqual([]);
});

describe('examples', () => {
  test.each(ORDER)('%s', async (operationId) => {
    for (const example of examples.get(operationId) ?? []) {
      if (operationId === 'applyRepricing') await dryRunIsOver();
      const answer = await (operationId === 'cancelRepricing' ? cancelInTime(example) : send(example));
      const { name, operation } = example;
      const status = promised(example);
      expect({ name, body: answer.body, status: answer.statusCode }).toMatchObject({ status });
      const media = mediaOf(operation, status, answered(answer));
      if (status === 204) {
        expect(answer.body).toBe('');
        continue;
      }
      expect({ name, media, type: answered(answer) }).toMatchObject({ media: expect.any(Object) });
      const isJson = answered(answer).includes('json');
      expect({ name, wrong: complaints(media?.schema, isJson ? answer.json() : answer.body) }).toEqual({
        name,
        wrong: [],
      });
      const shown = media?.examples?.[name];
      if (shown) expect({ name, wrong: complaints(media.schema, shown.value) }).toEqual({ name, wrong: [] });
    }
  });

  test('of bodies are what the schemas of bodies ask for', () => {
    for (const { operation, body, name } of [...examples.values()].flat()) {
      if (!body) continue;
      const schema = operation.requestBody?.content[body.contentType]?.schema;
      expect({ name, wrong: complaints(schema, body.value) }).toEqual({ name, wrong: [] });
    }
  });

  test('of recorded calls are in the answers', async () => {
    await collector.complete();
    const [month] = examples.get('getUsageOverview') ?? [];
    const answer = await send(month as ServedExample);
    // Posted, imported, told by a span to three addresses and by a log record.
    expect(answer.json<{ summary: { total_requests: number } }>().summary.total_requests).toBe(9);
  });
});

describe('a refusal', () => {
  test.each(IDS)('of %s is a documented problem', async (operationId) => {
    const operation = (examples.get(operationId) ?? [])[0] as ServedExample;
    if ((operation.operation.security ?? []).length === 0) return;
    const answer = await collector.app.inject(requestOf(operation, real));
    expect(answer.statusCode).toBe(401);
    const media = mediaOf(operation.operation, 401, answered(answer));
    expect(complaints(media?.schema, answer.json())).toEqual([]);
  });

  describe('for want of a scope', () => {
    const keys = new Map<Scope, string>();
    beforeAll(async () => {
      // Of a tenant of its own: what a key may do here changes nothing that an example asks about.
      await collector.makeTenant('visitor');
      for (const scope of SCOPES) keys.set(scope, await collector.makeKey('visitor', [scope]));
    });

    test.each(IDS)('comes to keys without those that %s names, and to no others', async (operationId) => {
      const example = (examples.get(operationId) ?? [])[0] as ServedExample;
      const named = new Set((example.operation.security ?? []).flatMap((one) => Object.values(one).flat()));
      if (named.size === 0) return;
      // These are about other tenants, which is for the operator's keys.
      const isOfOperator = operationId === 'createTenant' || operationId === 'listApiKeys';
      for (const [scope, key] of keys) {
        const { statusCode } = await collector.call({ key, ...requestOf(example, real) });
        const isForbidden = isOfOperator || !(named.has(scope) || scope === 'admin');
        expect({ scope, isForbidden: statusCode === 403 }).toEqual({ scope, isForbidden });
      }
    });
  });
});

async function dryRunIsOver(): Promise<void> {
  const [example] = examples.get('getRepricingJob') ?? [];
  for (let status = ''; status !== 'completed';)
    status = (await send(example as ServedExample)).json<{ status: string }>().status;
}

/** @returns the id, when the export has files */
async function exportIsOver(exportId: unknown): Promise<unknown> {
  for (let status = ''; status !== 'completed';)
    status = (await collector.call({ url: `/v1/analytics/exports/${String(exportId)}` })).json<{
      status: string;
    }>().status;
  return exportId;
}

/** A job may be over before it is cancelled; then another one is tried. */
async function cancelInTime(example: ServedExample): Promise<LightMyRequestResponse> {
  const [start] = examples.get('startRepricing') ?? [];
  for (;;) {
    await send(start as ServedExample);
    const answer = await send(example);
    if (answer.statusCode !== 409) return answer;
  }
}

test('keys are of the tenant that the examples name', () => {
  expect(FIRST_TENANT).toBe('default');
  expect(keyIdOf(collector.apiKey)).toMatch(/^[0-9A-Za-z]{8}$/);
});
