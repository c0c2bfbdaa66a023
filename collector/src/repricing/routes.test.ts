import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import type { Overview } from '../usage/overview.ts';
import type { Change, JobAnswer } from './job.ts';

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
  await collector.makeTenant('other');
});
afterAll(() => collector.close());

const post = async (url: string, payload: object, key?: string) =>
  collector.call({ method: 'POST', url, payload, ...(key === undefined ? {} : { key }) });

async function finished(jobId: number): Promise<JobAnswer & { changes: Change[] }> {
  for (;;) {
    const job = (await collector.call({ method: 'GET', url: `/v1/prices/reprice/${jobId}` })).json<
      JobAnswer & { changes: Change[] }
    >();
    if (job.status !== 'queued' && job.status !== 'running') return job;
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function summary(): Promise<Overview['summary']> {
  await collector.complete();
  return (
    await collector.call({
      method: 'GET',
      url: '/v1/analytics/usage/overview?start_date=2026-03-01&end_date=2026-03-31',
    })
  ).json<Overview>().summary;
}

test('field-pain 4: a model without a price is given one, and what it has cost is mended after a dry run', async () => {
  await collector.post(
    Array.from({ length: 30 }, (_, index) =>
      testEvent({
        model_provider: 'in-house',
        model_name: 'llama-on-our-gpus',
        timestamp: `2026-03-${String(1 + index).padStart(2, '0')}T12:00:00Z`,
      }),
    ),
  );
  expect(await summary()).toMatchObject({ total_cost_usd: null, unpriced_requests: 30 });

  const added = await post('/v1/prices', {
    model_provider: 'in-house',
    model_name: 'llama-on-our-gpus',
    effective_from: '2026-03-11T00:00:00Z',
    input_per_mtok: '2',
    output_per_mtok: '10',
  });
  expect([added.statusCode, added.body]).toEqual([201, expect.any(String)]);

  const asked = await post('/v1/prices/reprice', {
    start_date: '2026-03-01',
    end_date: '2026-03-31',
    unpriced_only: true,
    note: 'GPU price agreed',
  });
  expect(asked.statusCode).toBe(202);
  const dry = await finished(asked.json<JobAnswer>().job_id);
  expect(dry).toMatchObject({ status: 'completed', dry_run: true, progress: { events_changed: 20 } });
  // 1000 input tokens at $2 and 100 output tokens at $10 a million: 0.003 a call.
  expect(dry.changes).toHaveLength(20);
  expect(dry.changes[0]).toMatchObject({
    date: '2026-03-11',
    price_id_before: null,
    events: 1,
    cost_before_usd: '0',
    cost_after_usd: '0.003',
    difference_usd: '0.003',
  });
  expect(await summary()).toMatchObject({ total_cost_usd: null, unpriced_requests: 30 });

  const applied = await post(`/v1/prices/reprice/${dry.job_id}/apply`, {});
  expect(applied.statusCode).toBe(202);
  const job = await finished(applied.json<JobAnswer>().job_id);
  expect(job).toMatchObject({
    status: 'completed',
    dry_run: false,
    difference_usd: '0.06',
    note: 'GPU price agreed',
  });
  // Before the price began there is still none.
  expect(await summary()).toMatchObject({ total_cost_usd: '0.06', unpriced_requests: 10 });
  const { jobs } = (await collector.call({ method: 'GET', url: '/v1/prices/reprice' })).json<{
    jobs: JobAnswer[];
  }>();
  expect(jobs.map(({ job_id }) => job_id)).toEqual([job.job_id, dry.job_id]);
}, 180_000);

test('another tenant sees no job and may not touch one; a reading key may not ask for one', async () => {
  const asked = await post('/v1/prices/reprice', { start_date: '2026-03-01', end_date: '2026-03-31' });
  const { job_id } = asked.json<JobAnswer>();
  const key = await collector.makeKey('other', ['read', 'admin']);
  for (const [method, url] of [
    ['GET', `/v1/prices/reprice/${job_id}`],
    ['DELETE', `/v1/prices/reprice/${job_id}`],
  ] as const)
    expect((await collector.call({ key, method, url })).statusCode).toBe(404);
  expect((await post(`/v1/prices/reprice/${job_id}/apply`, {}, key)).statusCode).toBe(404);
  expect((await collector.call({ key, method: 'GET', url: '/v1/prices/reprice' })).json()).toEqual({
    jobs: [],
  });
  const reader = await collector.makeKey('other', ['read']);
  const refused = await post(
    '/v1/prices/reprice',
    { start_date: '2026-03-01', end_date: '2026-03-31' },
    reader,
  );
  expect(refused.statusCode).toBe(403);
  await finished(job_id);
});

test.each([
  [{ start_date: '2026-03-01' }, /end_date/],
  [{ start_date: '2026-03-31', end_date: '2026-03-01' }, /before/],
  [{ start_date: 'yesterday', end_date: '2026-03-01' }, /start_date/],
  [{ start_date: '2026-03-01', end_date: '2026-03-02', dryrun: false }, /dryrun|additional/],
])('a wrong request is told: %j', async (body, reason) => {
  const answer = await post('/v1/prices/reprice', body);
  expect(answer.statusCode).toBe(400);
  expect(answer.json<{ detail: string }>().detail).toMatch(reason);
});
