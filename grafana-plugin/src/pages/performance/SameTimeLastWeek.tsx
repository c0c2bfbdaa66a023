import { Icon } from '@grafana/ui';
import { useApi, type Answer } from '../../api/use-api.ts';
import { changePercent, count, duration } from '../../figures/format.ts';
import { instant } from '../../figures/time.ts';
import { dimensionLabel } from '../../filters/dimensions.ts';
import { useFilters } from '../../filters/use-filters.ts';
import { DataTable } from '../../panels/DataTable.tsx';
import { KeyFigure, KeyFigures } from '../../panels/KeyFigure.tsx';
import { Nothing } from '../../panels/Nothing.tsx';
import { Panel } from '../../panels/Panel.tsx';
import { QueryContent } from '../../panels/QueryPanel.tsx';
import { changeOf } from '../../panels/usage-rates.ts';
import { usePeriod } from '../../period/use-period.ts';
import { verdict, type Verdict } from './slower.ts';
import { useLatencyDimension } from './use-latency-dimension.ts';
import { weekBefore } from './week-before.ts';

type Part =
  Answer<'/v1/analytics/usage/latency'>['total'] | Answer<'/v1/analytics/usage/latency'>['members'][number];

const WORDS: Record<
  Verdict,
  { text: string; icon: 'arrow-up' | 'arrow-down' | 'minus' | 'question-circle' }
> = {
  slower: { text: 'slower', icon: 'arrow-up' },
  faster: { text: 'faster', icon: 'arrow-down' },
  same: { text: 'about the same', icon: 'minus' },
  unknown: { text: 'too few calls to tell', icon: 'question-circle' },
};

/** Is it slower than a week ago? In all, and for each of the busiest members of a dimension. */
export function SameTimeLastWeek() {
  const { raw, timeZone } = usePeriod();
  const { query: filters } = useFilters();
  const [dimension] = useLatencyDimension();
  const { current, earlier, isLastWeekOnly } = weekBefore(raw, timeZone, Date.now());
  const now = useApi('/v1/analytics/usage/latency', {
    query: { ...current, ...filters, dimension, limit: 8 },
  });
  // The members that are busy now are looked up among more of a week ago, where they may have been quieter.
  const before = useApi('/v1/analytics/usage/latency', {
    query: { ...earlier, ...filters, dimension, limit: 50 },
  });
  const what = isLastWeekOnly ? 'The last seven days of the period' : 'The period';
  return (
    <Panel
      title="Slower than the same time last week?"
      description={`${what} against the same weekdays and hours a week before. The 95th percentile decides; a difference within the error of both readings is told as about the same, and with fewer than 100 timed calls on one side none is told.`}
    >
      <QueryContent
        query={now}
        height={140}
        empty={({ total }) => total.timed_requests === 0 && <Nothing>No timed calls in this period.</Nothing>}
      >
        {(current) => (
          <QueryContent query={before} height={140}>
            {(old) => {
              const overall = verdict(current.total, old.total);
              const row = (part: Part, label: string) => {
                const other = old.members.find((one) => 'member' in part && one.member === part.member);
                return { label, part, other, verdict: verdict(part, other) };
              };
              return (
                <>
                  <p>
                    <Icon name={WORDS[overall].icon} aria-hidden /> All calls:{' '}
                    <strong>{WORDS[overall].text}</strong>. {what}, {instant(current.period.start, timeZone)}{' '}
                    to {instant(current.period.end, timeZone)}, has a 95th percentile of{' '}
                    {duration(current.total.percentiles_ms.p95)}; a week before it was{' '}
                    {duration(old.total.percentiles_ms.p95)}.
                  </p>
                  <KeyFigures label="Latency, with its change against a week before">
                    {(['p50', 'p95', 'p99'] as const).map((name) => (
                      <KeyFigure
                        key={name}
                        label={`Response time, ${name}`}
                        value={duration(current.total.percentiles_ms[name])}
                        change={changeOf(old.total.percentiles_ms[name], current.total.percentiles_ms[name])}
                        increaseIs="bad"
                        note={`a week before ${duration(old.total.percentiles_ms[name])}`}
                      />
                    ))}
                    <KeyFigure
                      label="Output tokens per second"
                      value={count(current.total.output_tokens_per_second)}
                      change={changeOf(
                        old.total.output_tokens_per_second,
                        current.total.output_tokens_per_second,
                      )}
                      increaseIs="good"
                      note={`a week before ${count(old.total.output_tokens_per_second)}`}
                    />
                  </KeyFigures>
                  <DataTable
                    label={`Response time against a week before, by ${dimensionLabel(dimension)}`}
                    rows={current.members.map((part) => row(part, part.label))}
                    rowKey={({ label }) => label}
                    fileName="latency-against-last-week"
                    columns={[
                      { id: 'label', header: dimensionLabel(dimension), value: ({ label }) => label },
                      {
                        id: 'verdict',
                        header: 'Is now',
                        value: ({ verdict: is }) => WORDS[is].text,
                        cell: ({ verdict: is }) => (
                          <>
                            <Icon name={WORDS[is].icon} size="sm" aria-hidden /> {WORDS[is].text}
                          </>
                        ),
                      },
                      {
                        id: 'p95',
                        header: 'p95',
                        numeric: true,
                        value: ({ part }) => part.percentiles_ms.p95,
                        cell: ({ part }) => duration(part.percentiles_ms.p95),
                      },
                      {
                        id: 'p95-before',
                        header: 'p95 before',
                        numeric: true,
                        value: ({ other }) => other?.percentiles_ms.p95 ?? null,
                        cell: ({ other }) => duration(other?.percentiles_ms.p95),
                      },
                      {
                        id: 'change',
                        header: 'Change',
                        numeric: true,
                        value: ({ part, other }) =>
                          changeOf(other?.percentiles_ms.p95, part.percentiles_ms.p95),
                        cell: ({ part, other }) =>
                          changePercent(changeOf(other?.percentiles_ms.p95, part.percentiles_ms.p95)),
                      },
                      {
                        id: 'p50',
                        header: 'p50',
                        numeric: true,
                        wideOnly: true,
                        value: ({ part }) => part.percentiles_ms.p50,
                        cell: ({ part }) => duration(part.percentiles_ms.p50),
                      },
                      {
                        id: 'p50-before',
                        header: 'p50 before',
                        numeric: true,
                        wideOnly: true,
                        value: ({ other }) => other?.percentiles_ms.p50 ?? null,
                        cell: ({ other }) => duration(other?.percentiles_ms.p50),
                      },
                      {
                        id: 'calls',
                        header: 'Timed calls',
                        numeric: true,
                        wideOnly: true,
                        value: ({ part }) => part.timed_requests,
                        cell: ({ part, other }) =>
                          `${count(part.timed_requests)} / ${count(other?.timed_requests)}`,
                      },
                    ]}
                  />
                </>
              );
            }}
          </QueryContent>
        )}
      </QueryContent>
    </Panel>
  );
}
