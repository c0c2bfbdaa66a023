import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, truncate, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { postRandomCalls, RANDOM_CALLS_PERIOD } from '../testing/random-calls.ts';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import type { Overview } from '../usage/overview.ts';
import type { ExportAnswer } from './export-job.ts';

const PERIOD = new URLSearchParams(RANDOM_CALLS_PERIOD).toString();
let folder: string;
let collector: TestCollector;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promptops-exports-'));
  collector = await startTestCollector({ EXPORT_DIR: folder, EXPORT_MAX_ROWS: 5_000, EXPORT_MAX_OPEN: 3 });
  await collector.makeTenant('other');
  await postRandomCalls(collector, { seed: 17, count: 1_200 });
  await postRandomCalls(collector, {
    seed: 18,
    count: 60,
    key: await collector.makeKey('other', ['ingest']),
  });
  await collector.post([
    testEvent({
      event_id: 'formula',
      timestamp: '2026-05-01T10:00:00.123456Z',
      model_provider: 'nobody',
      model_name: 'has-no-price',
      project_id: '=cmd|A1',
      prompt_id: '@sum(1)',
      user_id: '+49 "quoted", and\r\ntwo lines\tand a tab \\ é 😀',
      session_id: '-1',
      metadata: { 'key "1"': ['\\', '\n', 1.5, null], team: '=x' },
    }),
    testEvent({ event_id: 'dear', timestamp: '2026-05-01T10:00:01Z', cost_usd: '123456.000000001' }),
  ]);
  await collector.complete();
});
afterAll(async () => {
  await collector.close();
  await rm(folder, { recursive: true });
});

const call = (method: 'GET' | 'POST' | 'DELETE', path: string, key?: string, headers = {}) =>
  collector.call({
    method,
    url: `/v1/analytics/exports${path}`,
    headers,
    ...(key === undefined ? {} : { key }),
  });

async function ask(query: string, key?: string): Promise<number> {
  const answer = await call('POST', `?${query}`, key);
  expect({ status: answer.statusCode, body: answer.body }).toMatchObject({ status: 202 });
  return answer.json<ExportAnswer>().export_id;
}

async function ended(exportId: number, key?: string): Promise<ExportAnswer> {
  for (;;) {
    const job = (await call('GET', `/${exportId}`, key)).json<ExportAnswer>();
    if (job.status !== 'queued' && job.status !== 'running') return job;
    await new Promise((done) => setTimeout(done, 20));
  }
}

async function exported(query: string, key?: string): Promise<{ job: ExportAnswer; bytes: Buffer[] }> {
  const job = await ended(await ask(query, key), key);
  expect(job).toMatchObject({ status: 'completed', truncated: false, failure: null });
  const bytes: Buffer[] = [];
  for (const { file, sha256, bytes: size } of job.files) {
    const answer = await call('GET', `/${job.export_id}/download?file=${file}`, key);
    expect([answer.statusCode, answer.rawPayload.length]).toEqual([200, size]);
    expect(createHash('sha256').update(answer.rawPayload).digest('hex')).toBe(sha256);
    bytes.push(answer.rawPayload);
  }
  return { job, bytes };
}

/** Every value as a text, in the same words for each format; null stays null. */
type Texts = Record<string, string | null>;

/** The log itself, told by the database: the costs by its own exact arithmetic. */
async function storedRows(tenantId = 'default', condition = 'true'): Promise<Texts[]> {
  const { rows } = await collector.pool.query<Texts>(
    `SELECT e.event_id, to_char(e."timestamp", 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS timestamp, to_char(e.received_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS received_at,
       project_id, prompt_id, prompt_version, endpoint, model_provider, model_name, e.service_tier, environment, user_id, session_id, stream::text,
       input_tokens::text, cache_read_tokens::text, cache_write_5m_tokens::text, cache_write_1h_tokens::text, output_tokens::text,
       reasoning_tokens::text, tokens_used::text AS total_tokens_used, tokens_requested::text AS total_tokens_requested, usage_note,
       response_time_ms::text, time_to_first_token_ms::text, status, status_code::text, error_type, cache_hit::text,
       trim_scale(cost_nano_usd * 0.000000001)::text AS cost_usd, trim_scale(reported_cost_nano_usd * 0.000000001)::text AS reported_cost_usd,
       metadata::text, e.price_id::text, e.discount_id::text, p.source AS price_source, p.version AS price_version,
       d.source AS discount_source, d.version AS discount_version
     FROM client_usage_logs e LEFT JOIN model_prices p ON p.price_id = e.price_id LEFT JOIN model_prices d ON d.price_id = e.discount_id
     WHERE e.tenant_id = $1 AND ${condition} ORDER BY e."timestamp", e.event_uuid`,
    [tenantId],
  );
  return rows;
}

const textOf = (value: unknown): string => (value as { toString(): string }).toString();
const TIMES = ['timestamp', 'received_at', 'period_start'];
const microseconds = (text: string): string => {
  const [whole = '', fraction = ''] = text.replace('Z', '').split('.');
  return `${whole}.${fraction.padEnd(6, '0')}Z`;
};
const withTimes = (row: Texts): Texts => {
  for (const name of TIMES) if (typeof row[name] === 'string') row[name] = microseconds(row[name]);
  return row;
};

function csvRows(bytes: Buffer): Texts[] {
  const rows = parse<Texts>(bytes, { columns: true, cast: false, record_delimiter: '\r\n' });
  return rows.map((row) =>
    withTimes(
      Object.fromEntries(
        // The guard's apostrophe is for spreadsheets; what stands behind it is the value.
        Object.entries(row).map(([name, value]) => [
          name,
          value === '' ? null : (value?.replace(/^'(?=[=+\-@\t\r])/, '') ?? null),
        ]),
      ),
    ),
  );
}

const ofJson = (row: Record<string, unknown>): Texts =>
  withTimes(
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        value === null ? null : typeof value === 'object' ? JSON.stringify(value) : textOf(value),
      ]),
    ),
  );
const sameJson = (rows: Texts[]): Texts[] =>
  rows.map((row) => ({
    ...row,
    metadata: row['metadata'] == null ? null : JSON.stringify(JSON.parse(row['metadata'])),
  }));

async function parquetRows(bytes: Buffer): Promise<Texts[]> {
  const file = new Uint8Array(bytes).buffer;
  // Decimals without a float in between: their integers.
  const metadata = parquetMetadata(file);
  for (const element of metadata.schema) {
    if (element.converted_type === 'DECIMAL') {
      delete element.converted_type;
      delete element.logical_type;
    }
  }
  const rows = (await parquetReadObjects({
    file,
    metadata,
    parsers: {
      timestampFromMilliseconds: (value: bigint) => value,
      timestampFromMicroseconds: (value: bigint) => value,
      timestampFromNanoseconds: (value: bigint) => value,
      dateFromDays: (value: number) => value,
      stringFromBytes: (value: Uint8Array) => new TextDecoder().decode(value),
    },
  })) as Record<string, unknown>[];
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        if (value === null || value === undefined) return [name, null];
        if (TIMES.includes(name)) {
          const us = value as bigint;
          const text = new Date(Number(us / 1000n)).toISOString().slice(0, -1);
          return [name, `${text}${String(us % 1000n).padStart(3, '0')}Z`];
        }
        if (name.endsWith('_usd')) {
          const digits = textOf(value).padStart(10, '0');
          return [name, `${digits.slice(0, -9)}.${digits.slice(-9)}`.replace(/\.?0+$/, '')];
        }
        return [name, textOf(value)];
      }),
    ),
  );
}

describe('every call, with every stored field, comes back as it is in the log', () => {
  let stored: Texts[];
  beforeAll(async () => {
    stored = await storedRows();
    expect(stored).toHaveLength(1_202);
    expect(new Set(stored.map(({ cost_usd }) => cost_usd === null)).size).toBe(2);
  });

  test('as CSV', async () => {
    const { job, bytes } = await exported(`export_type=csv&${PERIOD}`);
    expect(csvRows(bytes[0] as Buffer)).toEqual(stored);
    expect(job).toMatchObject({ row_count: 1_202, estimated_rows: 1_202, estimate_basis: 'exact' });
    expect(job.progress.percent).toBe(100);
  });

  test('as CSV that no spreadsheet takes for formulas', async () => {
    const { bytes } = await exported(`export_type=csv&start_date=2026-05-01&end_date=2026-05-01`);
    const rows = parse<Texts>(bytes[0] as Buffer, { columns: true });
    const row = rows.find(({ event_id }) => event_id === 'formula');
    expect([
      row?.['project_id'],
      row?.['prompt_id'],
      row?.['session_id'],
      row?.['user_id']?.slice(0, 4),
    ]).toEqual(["'=cmd|A1", "'@sum(1)", "'-1", "'+49"]);
    expect((bytes[0] as Buffer).toString()).toMatch(/^event_id,timestamp,[^\n]*discount_version\r\n/);
  });

  test('as JSON that is valid as a whole', async () => {
    const { bytes } = await exported(`export_type=json&${PERIOD}`);
    const rows = JSON.parse(String(bytes[0])) as Record<string, unknown>[];
    expect(rows.map(ofJson)).toEqual(sameJson(stored));
    const dear = rows.find(({ event_id }) => event_id === 'dear');
    expect(dear).toMatchObject({
      reported_cost_usd: '123456.000000001',
      input_tokens: 1000,
      cache_hit: false,
    });
    expect(rows.find(({ event_id }) => event_id === 'formula')).toMatchObject({
      cost_usd: null,
      metadata: { 'key "1"': ['\\', '\n', 1.5, null], team: '=x' },
    });
  });

  test('as NDJSON', async () => {
    const { bytes } = await exported(`export_type=ndjson&${PERIOD}`);
    const lines = String(bytes[0]).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => ofJson(JSON.parse(line) as Record<string, unknown>))).toEqual(
      sameJson(stored),
    );
  });

  test('as Parquet with decimal money, UTC times and statistics', async () => {
    const { bytes } = await exported(`export_type=parquet&${PERIOD}`);
    const file = bytes[0] as Buffer;
    expect(await parquetRows(file)).toEqual(stored);
    const { schema, row_groups } = parquetMetadata(new Uint8Array(file).buffer);
    const of = (name: string) => schema.find((element) => element.name === name);
    expect(of('cost_usd')).toMatchObject({
      type: 'INT64',
      converted_type: 'DECIMAL',
      scale: 9,
      precision: 18,
    });
    expect(of('timestamp')).toMatchObject({
      type: 'INT64',
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
    });
    const column = row_groups[0]?.columns.find(
      ({ meta_data }) => meta_data?.path_in_schema[0] === 'model_name',
    );
    expect(column?.meta_data?.encodings).toContain('RLE_DICTIONARY');
    expect(column?.meta_data?.statistics?.min_value).toBeDefined();
  });
});

test('filters and local days choose the calls, also by what no rollup has', async () => {
  const query =
    'start_date=2026-03-29&end_date=2026-03-29&timezone=Europe/Berlin&model_name=gpt-4o&not.status=error&metadata.team=search';
  const { job, bytes } = await exported(`export_type=csv&${query}`);
  // A day of 23 hours.
  const expected = await storedRows(
    'default',
    `e."timestamp" >= '2026-03-28T23:00:00Z' AND e."timestamp" < '2026-03-29T22:00:00Z' AND e.model_name = 'gpt-4o' AND e.status <> 'error'
     AND e.metadata ->> 'team' = 'search'`,
  );
  expect(expected.length).toBeGreaterThan(0);
  expect(csvRows(bytes[0] as Buffer)).toEqual(expected);
  expect(job.estimate_basis).toBe('at_most');
  expect(job.estimated_rows).toBeGreaterThanOrEqual(expected.length);
  expect(job.period).toEqual({
    start: '2026-03-29T00:00:00+01:00',
    end: '2026-03-30T00:00:00+02:00',
    timezone: 'Europe/Berlin',
  });
});

test.each(['hour', 'day'])('a summary by %s adds up to the overview to the nano-dollar', async (grain) => {
  const period = 'start_date=2026-03-28&end_date=2026-04-02&timezone=Australia/Lord_Howe';
  for (const filter of ['', '&model_provider=openai', '&status=error']) {
    const { bytes } = await exported(
      `export_type=parquet&format=summary&group_by=${grain}&${period}${filter}`,
    );
    const rows = await parquetRows(bytes[0] as Buffer);
    const overview = (
      await collector.call({ url: `/v1/analytics/usage/overview?${period}&group_by=${grain}${filter}` })
    ).json<Overview>();
    expect(rows.length).toBeGreaterThan(0);
    const nano = (text: string | null | undefined): bigint => {
      const [whole = '0', fraction = ''] = (text ?? '0').split('.');
      return BigInt(whole + fraction.padEnd(9, '0'));
    };
    const summed = (of: Texts[], name: string): bigint =>
      of.reduce((sum, row) => sum + (name.endsWith('_usd') ? nano(row[name]) : BigInt(row[name] ?? '0')), 0n);
    expect(summed(rows, 'total_cost_usd')).toBe(nano(overview.summary.total_cost_usd));
    for (const name of [
      'total_requests',
      'failed_requests',
      'total_tokens_used',
      'unpriced_requests',
    ] as const)
      expect([name, summed(rows, name)]).toEqual([name, BigInt(overview.summary[name])]);
    for (const point of overview.time_series) {
      const inside = rows.filter((row) => row['period_start_local'] === point.timestamp);
      expect([point.timestamp, summed(inside, 'total_requests')]).toEqual([
        point.timestamp,
        BigInt(point.total_requests),
      ]);
    }
  }
});

test('an unpriced summary row has no cost, in text too', async () => {
  const { bytes } = await exported(
    'export_type=json&format=summary&start_date=2026-05-01&end_date=2026-05-01&model_provider=nobody',
  );
  expect(JSON.parse(String(bytes[0]))).toEqual([
    expect.objectContaining({
      total_cost_usd: null,
      unpriced_requests: 1,
      total_requests: 1,
      period_start_local: '2026-05-01T00:00:00Z',
    }),
  ]);
});

test.each([
  ['csv', /^event_id,.*discount_version\r\n$/],
  ['json', /^\[\n\]\n$/],
  ['ndjson', /^$/],
])('a period without calls is a whole %s file without rows', async (type, whole) => {
  const { job, bytes } = await exported(`export_type=${type}&start_date=2020-01-01&end_date=2020-01-02`);
  expect(String(bytes[0])).toMatch(whole);
  expect(job).toMatchObject({ row_count: 0, estimated_rows: 0 });
});

test('a period without calls is a Parquet file without rows', async () => {
  const { bytes } = await exported('export_type=parquet&start_date=2020-01-01&end_date=2020-01-02');
  expect(await parquetRows(bytes[0] as Buffer)).toEqual([]);
});

describe('a download', () => {
  let job: ExportAnswer;
  let whole: Buffer;
  beforeAll(async () => {
    const done = await exported(`export_type=csv&${PERIOD}`);
    job = done.job;
    whole = done.bytes[0] as Buffer;
  });
  const download = (headers: Record<string, string>) =>
    call('GET', `/${job.export_id}/download`, undefined, headers);

  test('has a name, a type, a checksum and its length', async () => {
    const { headers } = await download({});
    expect(headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': `attachment; filename="promptops-calls-2026-03-01-to-2026-11-10-${job.export_id}.csv"`,
      etag: `"${job.files[0]?.sha256}"`,
      'accept-ranges': 'bytes',
      'content-length': String(whole.length),
    });
    expect(
      (await collector.call({ method: 'HEAD', url: `/v1/analytics/exports/${job.export_id}/download` }))
        .headers['content-length'],
    ).toBe(String(whole.length));
  });

  test.each([
    ['bytes=0-9', 0, 10],
    ['bytes=100-', 100, undefined],
    ['bytes=-5', -5, undefined],
    ['bytes=10-99999999', 10, undefined],
  ])('goes on by Range %s', async (range, from, to) => {
    const answer = await download({ range });
    expect(answer.statusCode).toBe(206);
    expect(answer.rawPayload.equals(whole.subarray(from, to))).toBe(true);
    expect(answer.headers['content-range']).toMatch(new RegExp(`^bytes \\d+-\\d+/${whole.length}$`));
  });

  test('begins anew when the file is another than the one that was begun', async () => {
    expect((await download({ range: 'bytes=5-', 'if-range': '"another"' })).statusCode).toBe(200);
    expect((await download({ range: 'bytes=5-', 'if-range': `"${job.files[0]?.sha256}"` })).statusCode).toBe(
      206,
    );
    expect((await download({ 'if-none-match': `"${job.files[0]?.sha256}"` })).statusCode).toBe(304);
  });

  test('says that there is nothing behind the end', async () => {
    const answer = await download({ range: `bytes=${whole.length}-` });
    expect([answer.statusCode, answer.headers['content-range']]).toEqual([416, `bytes */${whole.length}`]);
    expect(answer.json()).toMatchObject({ type: 'urn:promptops:problem:range-not-satisfiable' });
  });

  test('by a link works once, without a key', async () => {
    const made = await call('POST', `/${job.export_id}/link`);
    expect(made.statusCode).toBe(201);
    const { path } = made.json<{ path: string }>();
    const [first, second] = [await collector.app.inject(path), await collector.app.inject(path)];
    expect([first.statusCode, first.rawPayload.equals(whole)]).toEqual([200, true]);
    expect([second.statusCode, second.json<{ detail: string }>().detail]).toEqual([
      404,
      expect.stringMatching(/one download/),
    ]);
    const unknown = await collector.app.inject(`/v1/analytics/exports/download/${'A'.repeat(43)}`);
    expect(unknown.statusCode).toBe(404);
    expect(
      (await collector.app.inject('/v1/analytics/exports/download/..%2F..%2Fetc%2Fpasswd')).statusCode,
    ).toBe(400);
  });

  test('is another tenant’s to nobody', async () => {
    const key = await collector.makeKey('other', ['read', 'admin']);
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/download'],
      ['POST', '/link'],
      ['DELETE', ''],
    ] as const)
      expect((await call(method, `/${job.export_id}${path}`, key)).statusCode).toBe(404);
    expect((await call('GET', '', key)).json()).toEqual({ exports: [] });
    const { bytes } = await exported(`export_type=csv&${PERIOD}`, key);
    expect(csvRows(bytes[0] as Buffer)).toEqual(await storedRows('other'));
  });

  test('of a file that is cut or away is refused, and says what to do', async () => {
    const { job: broken } = await exported('export_type=csv&start_date=2026-05-01&end_date=2026-05-01');
    const [name = ''] = (await readdir(folder)).filter((one) =>
      one.startsWith(`export-${broken.export_id}-`),
    );
    await truncate(join(folder, name), 3);
    const cut = await call('GET', `/${broken.export_id}/download`);
    await unlink(join(folder, name));
    const away = await call('GET', `/${broken.export_id}/download`);
    for (const answer of [cut, away])
      expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([
        409,
        expect.stringMatching(/EXPORT_DIR/),
      ]);
  });
});

test('a deleted export leaves no file and no row', async () => {
  const { job } = await exported('export_type=csv&start_date=2026-05-01&end_date=2026-05-01');
  const ofJob = async () =>
    (await readdir(folder)).filter((name) => name.startsWith(`export-${job.export_id}-`));
  expect(await ofJob()).toHaveLength(1);
  expect((await call('DELETE', `/${job.export_id}`)).json()).toMatchObject({ status: 'deleted', files: [] });
  expect(await ofJob()).toEqual([]);
  expect((await call('GET', `/${job.export_id}`)).statusCode).toBe(404);
});

describe('limits', () => {
  test('are told before anything begins', async () => {
    const answer = (await call('POST', `/estimate?${PERIOD}`)).json<Record<string, unknown>>();
    expect(answer).toMatchObject({
      estimated_rows: 1_202,
      estimate_basis: 'exact',
      allowed: true,
      reason: null,
      limits: { max_rows: 5_000, max_open_exports: 3, keep_hours: 72 },
    });
  });

  test.each([
    ['export_type=xlsx', 400, /export_type/],
    ['format=full&group_by=day', 400, /group_by/],
    ['start_date=2026-03-02&end_date=2026-03-01', 400, /before/],
    ['format=summary&start_date=2026-01-01&end_date=2026-11-10&user_id=user-1', 422, /93 days/],
    ['file=../../x', 400, /file|additional/],
  ])('refuse %s', async (query, status, reason) => {
    const answer = await call('POST', `?${query}`);
    expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([
      status,
      expect.stringMatching(reason),
    ]);
  });
});
