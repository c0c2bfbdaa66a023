import { useApi } from '../../../api/use-api.ts';
import { count, toNumber, usd } from '../../../figures/format.ts';
import { useFilters } from '../../../filters/use-filters.ts';
import { KeyFigure, KeyFigures } from '../../../panels/KeyFigure.tsx';
import { QueryPanel } from '../../../panels/QueryPanel.tsx';
import { unpricedNote } from '../../../panels/unpriced-note.ts';
import { changeOf } from '../../../panels/usage-rates.ts';
import { usePeriod } from '../../../period/use-period.ts';

/** What the chosen period cost, in all, a day and a call. */
export function PeriodFigures() {
  const { query } = usePeriod();
  const { query: filters } = useFilters();
  const compare = useApi('/v1/analytics/usage/compare', { query: { ...query, ...filters } });
  return (
    <QueryPanel
      title="Chosen period"
      description="The period chosen above, with its change against the one before."
      query={compare}
      height={110}
    >
      {({ total, period }) => {
        const { current, previous, change } = total;
        const perCall = (figures: typeof current): number | null => {
          const calls = figures.total_requests - figures.unpriced_requests;
          const cost = toNumber(figures.total_cost_usd);
          return cost === null || calls <= 0 ? null : (1000 * cost) / calls;
        };
        const cost = toNumber(current.total_cost_usd);
        return (
          <KeyFigures label="Chosen period">
            <KeyFigure
              label="Cost"
              value={usd(cost)}
              change={change.total_cost_usd.percent}
              increaseIs="bad"
              note={unpricedNote(current)}
            />
            <KeyFigure label="Cost a day" value={usd(cost === null ? null : cost / period.days)} />
            <KeyFigure
              label="Cost of 1,000 calls"
              value={usd(perCall(current))}
              change={changeOf(perCall(previous), perCall(current))}
              increaseIs="bad"
            />
            <KeyFigure
              label="Calls"
              value={count(current.total_requests)}
              change={change.total_requests.percent}
            />
          </KeyFigures>
        );
      }}
    </QueryPanel>
  );
}
