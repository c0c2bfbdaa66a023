import { useApi } from '../../../api/use-api.ts';
import { BarList } from '../../../charts/BarList.tsx';
import { count, percent, toNumber, usd } from '../../../figures/format.ts';
import { useFilters } from '../../../filters/use-filters.ts';
import { KeyFigure, KeyFigures } from '../../../panels/KeyFigure.tsx';
import { Nothing } from '../../../panels/Nothing.tsx';
import { QueryPanel } from '../../../panels/QueryPanel.tsx';
import { usePeriod } from '../../../period/use-period.ts';

/** Tokens by the kinds that are priced apart, and what prompt caches and the application's own cache saved. */
export function TokensPanel() {
  const { query, groupBy } = usePeriod();
  const { query: filters } = useFilters();
  const overview = useApi('/v1/analytics/usage/overview', {
    query: { ...query, ...filters, group_by: groupBy },
  });
  return (
    <QueryPanel
      title="Tokens by kind"
      description="Each token is counted once, as one kind. Reasoning is a part of the output."
      span={5}
      query={overview}
      height={220}
      empty={({ summary }) => summary.total_tokens_used === 0 && <Nothing>No tokens in this period.</Nothing>}
    >
      {({ summary }) => {
        const kinds: [string, number][] = [
          ['Input, uncached', summary.input_tokens],
          ['Input, from the cache', summary.cache_read_tokens],
          ['Written to the cache, 5 min', summary.cache_write_5m_tokens],
          ['Written to the cache, 1 h', summary.cache_write_1h_tokens],
          ['Output', summary.output_tokens],
        ];
        return (
          <>
            <BarList
              label="Tokens by kind"
              items={kinds
                .filter(([, tokens]) => tokens > 0)
                .map(([label, tokens]) => ({
                  label,
                  value: tokens,
                  text: `${count(tokens, { short: true })} · ${percent((100 * tokens) / summary.total_tokens_used)}`,
                }))}
            />
            {summary.reasoning_tokens > 0 && (
              <p>
                {count(summary.reasoning_tokens, { short: true })} of the output (
                {percent((100 * summary.reasoning_tokens) / Math.max(1, summary.output_tokens))}) is
                reasoning.
              </p>
            )}
          </>
        );
      }}
    </QueryPanel>
  );
}

export function CachePanel() {
  const { query, groupBy } = usePeriod();
  const { query: filters } = useFilters();
  const cache = useApi('/v1/analytics/usage/cache', { query: { ...query, ...filters, group_by: groupBy } });
  return (
    <QueryPanel
      title="What caches saved"
      description="Cached tokens by the prices in force when the calls were made. An estimate where prices differ by context size or time of day."
      span={7}
      query={cache}
      height={220}
      empty={({ total }) => total.total_requests === 0 && <Nothing>No calls in this period.</Nothing>}
    >
      {({ total, response_cache: own, could_have_saved: could }) => (
        <KeyFigures label="What caches saved">
          <KeyFigure
            label="Saved by prompt caches"
            value={usd(total.net_saving_usd)}
            note={`${usd(total.read_saving_usd)} by reading, less ${usd(total.write_cost_usd)} for writing`}
          />
          <KeyFigure
            label="Input from the cache"
            value={percent(total.hit_rate_percent)}
            note={
              total.unpriced_cached_tokens > 0
                ? `${count(total.unpriced_cached_tokens, { short: true })} cached tokens have no price`
                : `of ${count(total.all_input_tokens, { short: true })} input tokens`
            }
          />
          <KeyFigure
            label="Saved by your own cache"
            value={usd(own.estimated_saving_usd)}
            note={`about; ${count(own.cache_hits)} calls answered without a provider`}
          />
          {(toNumber(could.estimated_saving_usd) ?? 0) > 0 && (
            <KeyFigure
              label="Could be saved by caching"
              value={usd(could.estimated_saving_usd)}
              note={`an estimate, if ${percent(could.repeated_percent)} of the input repeats`}
            />
          )}
        </KeyFigures>
      )}
    </QueryPanel>
  );
}
