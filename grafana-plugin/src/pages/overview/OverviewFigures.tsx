import type { UseQueryResult } from '@tanstack/react-query';
import type { ApiProblem } from '../../api/problem.ts';
import type { Answer } from '../../api/use-api.ts';
import { count, duration, percent, usd } from '../../figures/format.ts';
import { usePageLink } from '../../navigation/use-page-link.ts';
import { KeyFigure, KeyFigures } from '../../panels/KeyFigure.tsx';
import { QueryContent } from '../../panels/QueryPanel.tsx';
import { unpricedNote } from '../../panels/unpriced-note.ts';
import { cacheReadShare, errorRate } from '../../panels/usage-rates.ts';

interface Props {
  overview: UseQueryResult<Answer<'/v1/analytics/usage/overview'>, ApiProblem>;
  compare: UseQueryResult<Answer<'/v1/analytics/usage/compare'>, ApiProblem>;
}

/** The key figures of the period; changes are against the one before, cut at the same time of its day where this one is not over. */
export function OverviewFigures({ overview, compare }: Props) {
  const link = usePageLink();
  const change = compare.data?.total.change;
  return (
    <QueryContent query={overview} height={110}>
      {({ summary }) => (
        <KeyFigures label="Key figures of the period, with their change against the period before">
          <KeyFigure
            label="Cost"
            value={usd(summary.total_cost_usd)}
            change={change?.total_cost_usd.percent}
            increaseIs="bad"
            to={link('costs')}
            note={unpricedNote(summary)}
          />
          <KeyFigure
            label="Requests"
            value={count(summary.total_requests)}
            change={change?.total_requests.percent}
          />
          <KeyFigure
            label="Tokens"
            value={count(summary.total_tokens_used, { short: true })}
            change={change?.total_tokens_used.percent}
          />
          <KeyFigure
            label="Error rate"
            value={percent(errorRate(summary), 2)}
            note={`${count(summary.failed_requests)} failed`}
            to={link('performance')}
          />
          <KeyFigure
            label="Response time, p95"
            value={duration(summary.response_time_percentiles_ms?.p95)}
            note={`mean ${duration(summary.average_response_time_ms)}`}
            to={link('performance')}
          />
          <KeyFigure
            label="Prompt cache hits"
            value={percent(cacheReadShare(summary))}
            note="of input tokens"
          />
        </KeyFigures>
      )}
    </QueryContent>
  );
}
