import { useApi } from '../api/use-api.ts';
import { BarList } from '../charts/BarList.tsx';
import { percent, toNumber, usd } from '../figures/format.ts';
import { useFilters } from '../filters/use-filters.ts';
import { usePageLink } from '../navigation/use-page-link.ts';
import { Nothing } from '../panels/Nothing.tsx';
import { QueryPanel } from '../panels/QueryPanel.tsx';
import { usePeriod } from '../period/use-period.ts';

/** The dearest members of a dimension; a click filters by the member and goes to the page about it. */
export function BreakdownPanel({
  title,
  dimension,
  page,
}: {
  title: string;
  dimension: string;
  page: string;
}) {
  const { query } = usePeriod();
  const { query: filters } = useFilters();
  const link = usePageLink();
  const answer = useApi('/v1/analytics/usage/breakdown', {
    query: { ...query, ...filters, dimension, limit: 8 },
  });
  return (
    <QueryPanel
      title={title}
      span={4}
      query={answer}
      height={290}
      empty={({ total }) => total.total_requests === 0 && <Nothing>No calls in this period.</Nothing>}
    >
      {({ members, other }) => (
        <BarList
          label={title}
          items={[
            ...members.map(({ member, label, total_cost_usd, share_percent }) => ({
              label,
              value: toNumber(total_cost_usd),
              text: `${usd(total_cost_usd)} · ${percent(share_percent.cost)}`,
              to: link(page, { filter: [dimension, member[dimension] ?? null] }),
            })),
            ...(other
              ? [
                  {
                    label: `Other (${other.members})`,
                    value: toNumber(other.total_cost_usd),
                    text: usd(other.total_cost_usd),
                    muted: true,
                  },
                ]
              : []),
          ]}
        />
      )}
    </QueryPanel>
  );
}
