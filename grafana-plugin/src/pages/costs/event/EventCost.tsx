import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { Link } from 'react-router-dom';
import { useApi, type Answer } from '../../../api/use-api.ts';
import { count, percent, usd } from '../../../figures/format.ts';
import { instant } from '../../../figures/time.ts';
import { usePageLink } from '../../../navigation/use-page-link.ts';
import { KeyFigure, KeyFigures } from '../../../panels/KeyFigure.tsx';
import { Panel, PanelGrid } from '../../../panels/Panel.tsx';
import { QueryContent } from '../../../panels/QueryPanel.tsx';
import { useTimeZone } from '../../../period/time-zone.tsx';
import { exactUsd } from './exact-usd.ts';

type Explanation = Answer<'/v1/analytics/usage/events/{event_id}/cost'>;
type Price = NonNullable<Explanation['price']>;

const KIND_LABELS: Record<string, string> = {
  input: 'Input, uncached',
  cache_read: 'Input, from the cache',
  cache_write_5m: 'Written to the cache, 5 min',
  cache_write_1h: 'Written to the cache, 1 h',
  output: 'Output',
  reasoning: 'Reasoning',
  request: 'The call',
};

/** How the cost of one call came about, as an account: quantity x price = amount, by which price and why. */
export function EventCost({ eventId, timestamp }: { eventId: string; timestamp: string | null }) {
  const answer = useApi('/v1/analytics/usage/events/{event_id}/cost', {
    path: { event_id: eventId },
    query: { timestamp },
  });
  return (
    <QueryContent query={answer} height={400}>
      {(explanation) => <Account of={explanation} />}
    </QueryContent>
  );
}

function Account({ of }: { of: Explanation }) {
  const styles = useStyles2(getStyles);
  const link = usePageLink();
  const { timeZone } = useTimeZone();
  return (
    <>
      <KeyFigures label="The call">
        <KeyFigure
          label="Cost"
          value={usd(of.cost_usd)}
          note={of.cost_usd === null ? 'not known' : 'rounded to a billionth of a dollar, once'}
        />
        <KeyFigure
          label="Model"
          value={of.model_name}
          note={`${of.model_provider}, ${of.service_tier} tier`}
        />
        <KeyFigure label="Started" value={instant(of.timestamp, timeZone)} note={timeZone} />
      </KeyFigures>
      <PanelGrid>
        <Panel title="Account" description="Amounts are exact; the sum is rounded once, half up.">
          <p>{of.why}</p>
          {of.unpriced && (
            <p role="note">
              <strong>This call has no cost, and is in no sum.</strong> {of.unpriced.what_to_do}{' '}
              <Link
                className={styles.link}
                to={link('costs', {
                  search: { tab: 'unpriced', model: `${of.model_provider}/${of.model_name}` },
                })}
              >
                Add a price
              </Link>
            </p>
          )}
          {of.parts.length > 0 ? (
            <Parts of={of} />
          ) : (
            <p className={styles.muted}>
              {of.cost_usd === null
                ? 'There is nothing to add up.'
                : of.is_explained
                  ? 'It is made of no parts.'
                  : 'The parts cannot be told any more: the price that made this cost does not lead to it.'}
            </p>
          )}
          {of.over_input_tokens !== null && (
            <p className={styles.muted}>
              Prices are those of calls with more than {count(of.over_input_tokens)} input tokens.
            </p>
          )}
          {of.daily_window !== null && (
            <p className={styles.muted}>Prices are those of {of.daily_window} UTC.</p>
          )}
        </Panel>
        {of.price && <PriceRow title="The price" price={of.price} />}
        {of.discount && <PriceRow title="The discount" price={of.discount} />}
        <Panel title="Beside it" span={of.price ? (of.discount ? 12 : 6) : 12}>
          <dl className={styles.facts}>
            <Fact
              term="What the sender claims"
              text={
                of.reported_cost_usd === null
                  ? 'Nothing: the event came without a cost.'
                  : `${exactUsd(of.reported_cost_usd)}${of.reported_difference_usd === null ? '' : `, ${exactUsd(of.reported_difference_usd)} off ours`}. It is kept, and counts in no sum.`
              }
            />
            <Fact
              term="By today's prices"
              text={
                of.today.is_same
                  ? of.cost_usd === null
                    ? 'It has no price today either.'
                    : 'The same.'
                  : `${of.today.cost_usd === null ? 'It would have no price.' : `${exactUsd(of.today.cost_usd)}${of.today.difference_usd === null ? '' : `, a difference of ${exactUsd(of.today.difference_usd)}`}.`} Stored costs stay until they are repriced.`
              }
            />
            <Fact term="Tokens" text={tokensText(of.tokens)} />
          </dl>
        </Panel>
      </PanelGrid>
    </>
  );
}

function Parts({ of }: { of: Explanation }) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.holder} tabIndex={0} role="region" aria-label="Parts of the cost">
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Quantity</th>
            <th scope="col">Price</th>
            <th scope="col">Amount</th>
          </tr>
        </thead>
        <tbody>
          {of.parts.map(({ kind, quantity, unit_price_usd: price, cost_usd: cost }) => (
            <tr key={kind}>
              <th scope="row">{KIND_LABELS[kind] ?? kind}</th>
              <td>{kind === 'request' ? count(quantity) : `${count(quantity)} tokens`}</td>
              <td>{kind === 'request' ? exactUsd(price) : `${exactUsd(price)} a million`}</td>
              <td>{exactUsd(cost)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          {of.exact_cost_usd !== of.cost_usd && (
            <tr>
              <th scope="row" colSpan={3}>
                Sum, exact
              </th>
              <td>{exactUsd(of.exact_cost_usd)}</td>
            </tr>
          )}
          <tr>
            <th scope="row" colSpan={3}>
              <strong>Cost</strong>
            </th>
            <td>
              <strong>{exactUsd(of.cost_usd)}</strong>
            </td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

const PRICE_KINDS: Record<string, string> = {
  list: 'The public list',
  override: 'A price of your own',
  discount: 'A discount off the list price',
  rule: 'A rule',
};

function PriceRow({ title, price }: { title: string; price: Price }) {
  const styles = useStyles2(getStyles);
  const { timeZone } = useTimeZone();
  return (
    <Panel title={title} span={6}>
      <dl className={styles.facts}>
        <Fact term="Kind" text={PRICE_KINDS[price.kind] ?? price.kind} />
        <Fact term="For" text={`${price.model_provider}: ${price.model_name}, tier ${price.service_tier}`} />
        {price.discount_percent !== null && (
          <Fact term="Off" text={percent(Number(price.discount_percent))} />
        )}
        <Fact
          term="In force"
          text={`${price.effective_from === null ? 'since ever' : `from ${instant(price.effective_from, timeZone)}`}, ${price.effective_to === null ? 'without an end' : `until ${instant(price.effective_to, timeZone)}`}`}
        />
        <Fact term="Source" text={price.source} />
        <Fact term="Version" text={price.version} />
        <Fact
          term="In the book"
          text={`as number ${price.price_id}, since ${instant(price.created_at, timeZone)}`}
        />
        {price.note !== null && <Fact term="Note" text={price.note} />}
      </dl>
    </Panel>
  );
}

function Fact({ term, text }: { term: string; text: string }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{text}</dd>
    </div>
  );
}

function tokensText(tokens: Explanation['tokens']): string {
  const told = Object.entries<number | null>(tokens).filter(([, value]) => value !== null);
  return told.length === 0
    ? 'None were told.'
    : `${told.map(([kind, value]) => `${KIND_LABELS[kind] ?? kind} ${count(value)}`).join(' · ')}.`;
}

const getStyles = (theme: GrafanaTheme2) => ({
  link: css({ color: theme.colors.text.link, textDecoration: 'underline' }),
  muted: css({ color: theme.colors.text.secondary }),
  holder: css({ overflowX: 'auto' }),
  table: css({
    width: '100%',
    fontVariantNumeric: 'tabular-nums',
    'td, th': {
      padding: theme.spacing(0.75, 1),
      textAlign: 'right',
      whiteSpace: 'nowrap',
      fontWeight: 'normal',
      borderBottom: `1px solid ${theme.colors.border.weak}`,
    },
    'th:first-of-type': { textAlign: 'left' },
    'thead th': { color: theme.colors.text.secondary },
  }),
  facts: css({
    margin: 0,
    display: 'grid',
    gap: theme.spacing(1),
    '& > div': { display: 'grid', gridTemplateColumns: 'minmax(110px, 1fr) 3fr', gap: theme.spacing(1) },
    dt: { color: theme.colors.text.secondary, fontWeight: 'normal' },
    dd: { margin: 0, overflowWrap: 'anywhere' },
  }),
});
