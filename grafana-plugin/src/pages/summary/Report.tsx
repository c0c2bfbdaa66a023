import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useEffect } from 'react';
import { BarList } from '../../charts/BarList.tsx';
import { formatter, percent, toNumber, usd } from '../../figures/format.ts';
import { instant } from '../../figures/time.ts';
import { dimensionLabel } from '../../filters/dimensions.ts';
import { filterText } from '../../filters/filter-conditions.ts';
import type { Filter } from '../../filters/use-filters.ts';
import { usePageLink } from '../../navigation/use-page-link.ts';
import { Freshness } from '../../panels/Freshness.tsx';
import { KeyFigure, KeyFigures } from '../../panels/KeyFigure.tsx';
import { Nothing } from '../../panels/Nothing.tsx';
import { Panel, PanelGrid } from '../../panels/Panel.tsx';
import { BudgetStates } from './BudgetStates.tsx';
import type { Summary } from './evidence-link.ts';
import { NotableList } from './NotableList.tsx';
import { getPrintStyles, injectPrintStyles, PRINTED } from './print-styles.ts';

interface Props {
  of: Summary;
  filters: Filter[];
  compareWith: string;
}

const FIGURES: Record<string, { label: string; increaseIs: 'good' | 'bad' | 'neutral'; page?: string }> = {
  total_cost_usd: { label: 'Cost', increaseIs: 'bad', page: 'costs' },
  total_requests: { label: 'Requests', increaseIs: 'neutral' },
  total_tokens_used: { label: 'Tokens', increaseIs: 'neutral' },
  error_rate_percent: { label: 'Error rate', increaseIs: 'bad', page: 'performance' },
  average_response_time_ms: { label: 'Mean response time', increaseIs: 'bad', page: 'performance' },
  response_time_p95_ms: { label: 'Response time, p95', increaseIs: 'bad', page: 'performance' },
  unpriced_share_percent: { label: 'Requests without a price', increaseIs: 'bad' },
};
/** Where a spender is looked at more closely. */
const SPENDERS = [
  ['project_id', 'explore'],
  ['prompt_id', 'prompts'],
  ['model_name', 'models'],
  ['user_id', 'explore'],
] as const;

/** The summary as one thing to read, on a screen and on paper. */
export function Report({ of, filters, compareWith }: Props) {
  const styles = useStyles2(getStyles);
  const print = useStyles2(getPrintStyles);
  const link = usePageLink();
  useEffect(injectPrintStyles, []);
  const { period, compared_to: other } = of;
  const zone = period.timezone;
  const time = (text: string): string => instant(text, zone).slice(0, 16);
  return (
    <article {...PRINTED} aria-label="Summary">
      <div className={print.onlyOnPaper}>Executive summary</div>
      <p className={styles.headline}>{of.headline}</p>
      <p className={styles.about}>
        {time(period.start)} to {time(period.end)} ({zone}), compared with {time(other.start)} to{' '}
        {time(other.end)}.
        {period.is_cut_at_now ? ' The period is not over: as much of both is compared.' : ''}
        {filters.length > 0 ? ` Only ${filters.map(filterText).join(', ')}.` : ''}
      </p>
      <KeyFigures label="Key figures, with their change against the other period">
        {of.key_figures.map(({ name, unit, current, previous, change_percent: change }) => {
          const { label = name, increaseIs = 'neutral', page } = FIGURES[name] ?? {};
          const format = formatter(unit, { short: unit === 'count' });
          return (
            <KeyFigure
              key={name}
              label={label}
              value={format(current)}
              {...(change === null ? {} : { change })}
              increaseIs={increaseIs}
              note={`${format(previous)} before`}
              {...(name === 'unpriced_share_percent'
                ? { to: link('costs', { search: { tab: 'unpriced' } }) }
                : page === undefined
                  ? {}
                  : { to: link(page) })}
            />
          );
        })}
      </KeyFigures>
      <PanelGrid>
        <Panel title="What is notable">
          {of.nothing_notable ? (
            <Nothing>
              <strong>Nothing notable.</strong> Cost, requests, errors and response times are close to those
              of the other period, next to every request has a price, and no budget is above a threshold or
              expected to be exceeded.
            </Nothing>
          ) : (
            <NotableList
              sentences={of.notable}
              compareWith={compareWith}
              budgets={of.budgets}
              timeZone={zone}
            />
          )}
        </Panel>
        <Panel
          title="This month"
          span={5}
          description="Cost of the calendar month under way, and where it will end."
        >
          {of.forecast ? (
            <p>
              <strong className={styles.big}>{usd(of.forecast.so_far)}</strong> so far; expected at the end of
              the month: <strong className={styles.big}>{usd(of.forecast.mean)}</strong>
              <br />
              {toNumber(of.forecast.lower) === null
                ? 'Without bounds: too little is known.'
                : `${percent(100 * of.forecast.level)} likely between ${usd(of.forecast.lower)} and ${usd(of.forecast.upper)}.`}
            </p>
          ) : (
            <Nothing>There is no usage yet that a forecast could go by.</Nothing>
          )}
        </Panel>
        <Panel
          title="Budgets"
          span={7}
          description="All of them, whatever the filters are; each in its own period."
        >
          <BudgetStates budgets={of.budgets} />
        </Panel>
        {SPENDERS.map(([dimension, page]) => {
          const spenders = of.top_spenders[dimension];
          const title = `Top ${dimensionLabel(dimension).toLowerCase()}s by cost`;
          return (
            <Panel key={dimension} title={title} span={6}>
              {!spenders ? (
                <Nothing>Not told of so many events: choose a shorter period.</Nothing>
              ) : spenders.members.length === 0 ? (
                <Nothing>No requests in this period.</Nothing>
              ) : (
                <BarList
                  label={title}
                  items={spenders.members.map((one) => ({
                    label: one.label,
                    value: toNumber(one.total_cost_usd),
                    text: `${usd(one.total_cost_usd)} · ${percent(one.cost_share_percent)}`,
                    to: link(page, { filter: [dimension, one.member] }),
                  }))}
                />
              )}
            </Panel>
          );
        })}
      </PanelGrid>
      <Freshness of={of.freshness} />
    </article>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  headline: css({
    fontSize: theme.typography.h3.fontSize,
    lineHeight: 1.35,
    margin: theme.spacing(0, 0, 0.5),
    maxWidth: '60ch',
  }),
  about: css({ color: theme.colors.text.secondary, margin: theme.spacing(0, 0, 2) }),
  big: css({ fontSize: theme.typography.h4.fontSize, fontVariantNumeric: 'tabular-nums' }),
});
