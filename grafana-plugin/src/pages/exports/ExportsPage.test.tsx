import { expect, test } from '@jest/globals';
import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { renderPage } from '../../testing/render-page.tsx';
import ExportsPage from './ExportsPage.tsx';

const estimate = {
  period: { start: '2026-10-01T00:00:00Z', end: '2026-11-01T00:00:00Z', timezone: 'UTC' },
  estimated_rows: 24_701,
  estimate_basis: 'exact',
  allowed: true,
  reason: null,
  limits: { keep_hours: 72, max_rows: 1_000_000 },
};
const done = {
  export_id: 7,
  status: 'completed',
  export_type: 'parquet',
  format: 'full',
  group_by: null,
  period: estimate.period,
  progress: { rows_written: 24_701, bytes_written: 1_468_006, percent: 100 },
  row_count: 24_701,
  files: [{ file: 1, filename: 'calls.parquet', bytes: 1_468_006, sha256: 'abc', row_count: 24_701 }],
  failure: null,
  requested_at: '2026-11-24T06:00:00Z',
};
const answers = {
  '/v1/analytics/exports/estimate': estimate,
  'POST /v1/analytics/exports': { ...done, status: 'queued' },
  'GET /v1/analytics/exports': { exports: [done] },
  'DELETE /v1/analytics/exports/7': { ...done, status: 'deleted' },
};

test('the export has the period and the filters of the page, and its rows are said before', async () => {
  const page = renderPage(<ExportsPage />, answers, {
    address: '/exports?from=now-1M%2FM&to=now-1M%2FM&type=parquet&project_id=checkout',
  });
  expect(await screen.findByText(/24,701 rows, 2026-10-01/)).toBeVisible();
  await userEvent.click(screen.getByRole('button', { name: 'Export' }));
  const asked = page.asked.find(({ method, path }) => method === 'POST' && path === '/v1/analytics/exports');
  expect(Object.fromEntries(asked?.query ?? [])).toEqual({
    start_date: 'now-1M/M',
    end_date: 'now-1M/M',
    timezone: 'UTC',
    export_type: 'parquet',
    format: 'full',
    project_id: 'checkout',
  });
  expect(page.told).toEqual([{ kind: 'success', text: 'The export is queued.' }]);
});

test('one that would be too large is not begun, and why is said', async () => {
  renderPage(<ExportsPage />, {
    ...answers,
    '/v1/analytics/exports/estimate': {
      ...estimate,
      allowed: false,
      reason: 'It would have more than 1,000,000 rows.',
    },
  });
  expect(await screen.findByText('It would have more than 1,000,000 rows.')).toBeVisible();
  expect(screen.getByRole('button', { name: 'Export' })).toBeDisabled();
});

test('a file is a link that the browser saves, and an export is deleted only when that is confirmed', async () => {
  const page = renderPage(<ExportsPage />, answers);
  const link = await screen.findByRole('link', { name: 'calls.parquet' });
  expect(link).toHaveAttribute('href', '/v1/analytics/exports/7/download?file=1');
  expect(screen.getByText(/1\.4 MiB/)).toBeVisible();
  await userEvent.click(screen.getByRole('button', { name: 'Delete' }));
  expect(page.asked.some(({ method }) => method === 'DELETE')).toBe(false);
  await userEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Delete' }));
  expect(
    page.asked.some(({ method, path }) => method === 'DELETE' && path === '/v1/analytics/exports/7'),
  ).toBe(true);
});
