import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { ClipboardButton, useStyles2 } from '@grafana/ui';
import { useId, type ReactNode } from 'react';
import { Link } from 'react-router-dom';
import type { Answer } from '../../api/use-api.ts';
import { usePageLink } from '../../navigation/use-page-link.ts';
import { useTimeZone } from '../../period/time-zone.tsx';
import { EVENT_FIELDS, type EventField, type EventFieldName } from './event-fields.ts';

type Detail = Answer<'/v1/analytics/usage/events/{event_id}'>;
type Price = NonNullable<Detail['price']>;

/** Every field is in one of the groups; a test holds that. */
export const GROUPS: { title: string; fields: EventFieldName[] }[] = [
  { title: 'Outcome', fields: ['timestamp', 'status', 'error_type', 'status_code', 'cache_hit'] },
  {
    title: 'Cost',
    fields: ['cost_usd', 'reported_cost_usd', 'price_id', 'discount_id'],
  },
  {
    title: 'Tokens',
    fields: [
      'total_tokens_used',
      'input_tokens',
      'cache_read_tokens',
      'cache_write_5m_tokens',
      'cache_write_1h_tokens',
      'output_tokens',
      'reasoning_tokens',
      'total_tokens_requested',
      'usage_note',
    ],
  },
  {
    title: 'Latency',
    fields: ['response_time_ms', 'time_to_first_token_ms', 'output_tokens_per_second', 'stream'],
  },
  {
    title: 'What was called',
    fields: ['model_name', 'model_provider', 'service_tier', 'endpoint'],
  },
  {
    title: 'By what and whom',
    fields: ['project_id', 'prompt_id', 'prompt_version', 'environment', 'user_id', 'session_id'],
  },
  { title: 'Record', fields: ['event_id', 'received_at'] },
];

/** Everything that is stored of an event, with the ways on: how its cost came about, its session, others like it. */
export function EventDetail({ event }: { event: Detail }) {
  const styles = useStyles2(getStyles);
  const { timeZone } = useTimeZone();
  const link = usePageLink();
  const day = event.timestamp.slice(0, 10);
  return (
    <div className={styles.all}>
      <ul className={styles.ways} aria-label="From here">
        <li>
          <Link
            to={link('costs', {
              search: { event: event.event_id, timestamp: event.timestamp },
              keepFilters: false,
            })}
          >
            {event.cost_usd === null ? 'Why it has no cost' : 'How the cost came about'}
          </Link>
        </li>
        {event.session_id !== null && (
          <li>
            <Link
              to={link('events', {
                filter: ['session_id', event.session_id],
                keepFilters: false,
                search: { from: day, to: day },
              })}
            >
              Its session on that day
            </Link>
          </li>
        )}
        {event.prompt_id !== null && (
          <li>
            <Link to={link('prompts', { filter: ['prompt_id', event.prompt_id], keepFilters: false })}>
              Its prompt
            </Link>
          </li>
        )}
      </ul>
      {GROUPS.map(({ title, fields }) => (
        <Group key={title} title={title}>
          <dl className={styles.fields}>
            {fields.map((name) => (
              <FieldRow key={name} name={name} event={event} timeZone={timeZone} />
            ))}
          </dl>
          {title === 'Cost' && event.price && <PriceLine label="Price" price={event.price} />}
          {title === 'Cost' && event.discount && <PriceLine label="Discount" price={event.discount} />}
        </Group>
      ))}
      <Group title="Metadata">
        {event.metadata === null || Object.keys(event.metadata).length === 0 ? (
          <p className={styles.quiet}>None was sent.</p>
        ) : (
          <dl className={styles.fields}>
            {Object.entries(event.metadata).map(([key, value]) => (
              <div key={key} className={styles.row}>
                <dt>{key}</dt>
                <dd>
                  {typeof value === 'string' ? (
                    <Link
                      to={link('events', { filter: [`metadata.${key}`, value] })}
                      title="Calls with the same"
                    >
                      {value === '' ? '""' : value}
                    </Link>
                  ) : (
                    <code>{JSON.stringify(value)}</code>
                  )}
                </dd>
              </div>
            ))}
          </dl>
        )}
      </Group>
      <ClipboardButton
        variant="secondary"
        size="sm"
        icon="copy"
        getText={() => JSON.stringify(event, null, 2)}
      >
        Copy as JSON
      </ClipboardButton>
    </div>
  );
}

function FieldRow({ name, event, timeZone }: { name: EventFieldName; event: Detail; timeZone: string }) {
  const styles = useStyles2(getStyles);
  const link = usePageLink();
  const { label, text, dimension }: EventField = EVENT_FIELDS[name];
  const value = event[name];
  const shown = text(event, timeZone);
  return (
    <div className={styles.row}>
      <dt>{label}</dt>
      <dd>
        {dimension !== undefined && value !== null && typeof value !== 'object' ? (
          <Link to={link('events', { filter: [dimension, String(value)] })} title="Calls with the same">
            {shown}
          </Link>
        ) : (
          shown
        )}
      </dd>
    </div>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  const styles = useStyles2(getStyles);
  const id = useId();
  return (
    <section aria-labelledby={id}>
      {/* Below the drawer's own title. */}
      <h4 id={id} className={styles.title}>
        {title}
      </h4>
      {children}
    </section>
  );
}

function PriceLine({ label, price }: { label: string; price: Price }) {
  const styles = useStyles2(getStyles);
  const parts = [
    ...(price.input_per_mtok === null ? [] : [`input $${price.input_per_mtok}`]),
    ...(price.output_per_mtok === null ? [] : [`output $${price.output_per_mtok}`]),
  ];
  const charges = parts.length === 0 ? 'nothing for tokens' : `${parts.join(', ')} a million tokens`;
  const what = price.discount_percent === null ? charges : `${price.discount_percent} % off the list`;
  // Of the rows for all models (an answer from one's own cache, a failed call) the names say nothing.
  const whose =
    price.model_name === '*'
      ? ''
      : `${price.model_provider}, ${price.model_name}, ${price.service_tier} tier: `;
  return (
    <p className={styles.quiet}>
      {label}: {whose}
      {what} ({price.source} {price.version}).
    </p>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  all: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(2), alignItems: 'stretch' }),
  ways: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(1, 2),
    listStyle: 'none',
    margin: 0,
    padding: 0,
    '& a': {
      color: theme.colors.text.link,
      textDecoration: 'underline',
      display: 'inline-block',
      minHeight: 24,
    },
  }),
  title: css({ fontSize: theme.typography.h5.fontSize, margin: theme.spacing(0, 0, 0.5) }),
  fields: css({ margin: 0 }),
  row: css({
    display: 'flex',
    justifyContent: 'space-between',
    gap: theme.spacing(2),
    padding: theme.spacing(0.5, 0),
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    '& dt': { fontWeight: 'normal', color: theme.colors.text.secondary },
    '& dd': {
      margin: 0,
      textAlign: 'right',
      overflowWrap: 'anywhere',
      fontVariantNumeric: 'tabular-nums',
    },
    '& dd a': { color: theme.colors.text.link },
  }),
  quiet: css({ margin: theme.spacing(0.5, 0, 0), color: theme.colors.text.secondary }),
});
