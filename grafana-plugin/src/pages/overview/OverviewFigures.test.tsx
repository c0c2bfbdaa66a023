import { expect, test } from '@jest/globals';
import { screen } from '@testing-library/react';
import { useApi } from '../../api/use-api.ts';
import { FakeProblem, renderPage } from '../../testing/render-page.tsx';
import { OverviewFigures } from './OverviewFigures.tsx';

const summary = {
  total_requests: 200,
  failed_requests: 3,
  total_tokens_used: 1_500_000,
  input_tokens: 600,
  cache_read_tokens: 300,
  cache_write_5m_tokens: 100,
  cache_write_1h_tokens: 0,
  total_cost_usd: '0.004217',
  unpriced_requests: 12,
  average_response_time_ms: 410,
  response_time_percentiles_ms: { p95: 1840 },
};

function Figures() {
  const overview = useApi('/v1/analytics/usage/overview');
  const compare = useApi('/v1/analytics/usage/compare');
  return <OverviewFigures overview={overview} compare={compare} />;
}

test('a cost below a cent is told to two digits, and what it does not hold is said beside it', async () => {
  renderPage(<Figures />, {
    '/v1/analytics/usage/overview': { summary },
    '/v1/analytics/usage/compare': {
      total: {
        change: {
          total_cost_usd: { percent: -8.94 },
          total_requests: { percent: null },
          total_tokens_used: { percent: 3 },
        },
      },
    },
  });
  expect(await screen.findByText('$0.0042')).toBeVisible();
  expect(screen.getByText('without 12 calls that have no price')).toBeVisible();
  expect(await screen.findByText('−8.9 %')).toBeVisible();
  expect(screen.getByText('1.5 %')).toBeVisible();
  expect(screen.getByText('30 %')).toBeVisible();
});

test('without the comparison the figures are shown all the same', async () => {
  renderPage(<Figures />, {
    '/v1/analytics/usage/overview': { summary },
    '/v1/analytics/usage/compare': new FakeProblem(422, { detail: 'Too long.' }),
  });
  expect(await screen.findByText('$0.0042')).toBeVisible();
});
