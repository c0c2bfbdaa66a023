import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useApi, type Answer } from '../../api/use-api.ts';
import { usd } from '../../figures/format.ts';
import { usePageLink } from '../../navigation/use-page-link.ts';
import { Nothing } from '../../panels/Nothing.tsx';
import { QueryContent, QueryPanel } from '../../panels/QueryPanel.tsx';
import { usePeriod } from '../../period/use-period.ts';
import { Link } from 'react-router-dom';

type Resolved = Answer<'/v1/prices/resolve'>;
type Price = NonNullable<Resolved['price']>;

const RATES: { field: keyof Price; label: string; unit: string }[] = [
  { field: 'input_per_mtok', label: 'Input, uncached', unit: '1M tokens' },
  { field: 'cache_read_per_mtok', label: 'Input, from prompt cache', unit: '1M tokens' },
  { field: 'cache_write_5m_per_mtok', label: 'Written to cache for 5 minutes', unit: '1M tokens' },
  { field: 'cache_write_1h_per_mtok', label: 'Written to cache for an hour', unit: '1M tokens' },
  { field: 'output_per_mtok', label: 'Output', unit: '1M tokens' },
  { field: 'reasoning_per_mtok', label: 'Reasoning', unit: '1M tokens' },
  { field: 'input_audio_per_mtok', label: 'Audio input', unit: '1M tokens' },
  { field: 'output_audio_per_mtok', label: 'Audio output', unit: '1M tokens' },
  { field: 'input_image_per_mtok', label: 'Image input', unit: '1M tokens' },
  { field: 'output_image_per_mtok', label: 'Image output', unit: '1M tokens' },
  { field: 'per_request', label: 'A request', unit: 'request' },
];

/** What a call of the model costs now, at each provider that it was called at, and why that price. */
export function ModelPrice({ model, filters }: { model: string; filters: Record<string, string[]> }) {
  const { query } = usePeriod();
  const providers = useApi('/v1/analytics/usage/breakdown', {
    query: { ...query, ...filters, dimension: 'model_provider', limit: 5, order_by: 'total_requests' },
  });
  return (
    <QueryPanel
      title="Its price now"
      description="The price that a call of the standard service tier would get at this moment: your own price or discount where there is one, else the list price."
      span={6}
      query={providers}
      height={220}
      empty={({ members }) =>
        members.length === 0 && (
          <Nothing>It was not called in this period, so its provider is not known.</Nothing>
        )
      }
    >
      {({ members }) =>
        members.map(({ label, member }) =>
          member.model_provider === null || member.model_provider === undefined ? null : (
            <PriceAt key={label} provider={member.model_provider} model={model} />
          ),
        )
      }
    </QueryPanel>
  );
}

function PriceAt({ provider, model }: { provider: string; model: string }) {
  const styles = useStyles2(getStyles);
  const link = usePageLink();
  const answer = useApi('/v1/prices/resolve', { query: { provider, model } });
  return (
    <div className={styles.price}>
      <h3 className={styles.provider}>{provider}</h3>
      <QueryContent query={answer} height={140}>
        {({ price, discount, why, what_to_do }) => (
          <>
            {price && (
              <dl className={styles.rates}>
                {RATES.filter(({ field }) => price[field] !== null).map(({ field, label, unit }) => (
                  <div key={field} className={styles.rate}>
                    <dt>{label}</dt>
                    <dd>
                      {usd(price[field] as string)} <span className={styles.unit}>/ {unit}</span>
                    </dd>
                  </div>
                ))}
              </dl>
            )}
            {price && price.context_tiers.length > 0 && (
              <p className={styles.note}>
                Dearer for long contexts: {price.context_tiers.length} more tier
                {price.context_tiers.length > 1 ? 's' : ''}.
              </p>
            )}
            {price && price.daily_windows.length > 0 && (
              <p className={styles.note}>It has other prices at some hours of the day.</p>
            )}
            {discount && <p className={styles.note}>With a discount of {discount.discount_percent} %.</p>}
            <p className={styles.note}>
              {why} {what_to_do ?? ''}
            </p>
            {!price && (
              <p className={styles.note}>
                <Link className={styles.link} to={link('settings')}>
                  Add a price
                </Link>
              </p>
            )}
          </>
        )}
      </QueryContent>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  price: css({ '& + &': { marginTop: theme.spacing(2) } }),
  provider: css({ fontSize: theme.typography.h6.fontSize, margin: theme.spacing(0, 0, 1) }),
  rates: css({ margin: 0 }),
  rate: css({
    display: 'flex',
    justifyContent: 'space-between',
    gap: theme.spacing(2),
    padding: theme.spacing(0.5, 0),
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    '& dt': { fontWeight: 'normal' },
    '& dd': { margin: 0, fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' },
  }),
  unit: css({ color: theme.colors.text.secondary }),
  note: css({ margin: theme.spacing(1, 0, 0), color: theme.colors.text.secondary }),
  link: css({ color: theme.colors.text.link, textDecoration: 'underline' }),
});
