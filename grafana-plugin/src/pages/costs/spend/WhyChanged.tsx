import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { Link } from 'react-router-dom';
import { useApi } from '../../../api/use-api.ts';
import { changePercent, count, percent, usd } from '../../../figures/format.ts';
import { signedUsd } from '../../../figures/signed.ts';
import { dimensionLabel, memberText } from '../../../filters/dimensions.ts';
import { useFilters } from '../../../filters/use-filters.ts';
import { pageAbout } from '../../../navigation/page-about.ts';
import { usePageLink } from '../../../navigation/use-page-link.ts';
import { QueryContent } from '../../../panels/QueryPanel.tsx';
import { INSIDE, type By } from './by.ts';
import { reasonsOf, type PartFigures } from './reasons.ts';
import type { Part } from './WhatChangedPanel.tsx';

interface Props {
  part: Part;
  by: By;
  /** The two periods. */
  question: Record<string, string>;
}

/** Why one member costs more or less: number of calls, cost of a call, its tokens, and which parts of it. */
export function WhyChanged({ part, by, question }: Props) {
  const styles = useStyles2(getStyles);
  const link = usePageLink();
  const { label, status, change } = part;
  const member = part.member[by] ?? null;
  const [current, previous] = [part.current as PartFigures, part.previous as PartFigures];
  const page = pageAbout(by);
  const reasons = reasonsOf(previous, current);
  return (
    <section className={styles.why} aria-label={`Why ${label} changed`} aria-live="polite">
      <h3 className={styles.heading}>
        {dimensionLabel(by)} {label}:{' '}
        {signedUsd(change.total_cost_usd.absolute ?? part.contribution.absolute)}
        {status === 'both' ? ` (${changePercent(change.total_cost_usd.percent)})` : ''}
      </h3>
      {status === 'new' && (
        <p>
          It is new: it had no call in the other period, and {count(current.total_requests)} now for{' '}
          {usd(current.total_cost_usd)}.
        </p>
      )}
      {status === 'gone' && (
        <p>
          It is gone: {count(previous.total_requests)} calls for {usd(previous.total_cost_usd)} in the other
          period, none now.
        </p>
      )}
      {reasons.length > 0 && (
        <dl className={styles.reasons}>
          {reasons.map(({ title, text }) => (
            <div key={title}>
              <dt>{title}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      )}
      {status === 'both' && reasons.length === 0 && (
        <p>
          One of the two periods has no call with a known cost, so that a call cannot be compared with one.
        </p>
      )}
      <div className={styles.inside}>
        {INSIDE[by].map((dimension) => (
          <Inside key={dimension} dimension={dimension} by={by} member={member} question={question} />
        ))}
      </div>
      <Link className={styles.link} to={link(page, { filter: [by, member] })}>
        More about {label}
      </Link>
    </section>
  );
}

/** The parts of a member by another dimension, those that changed most first. */
function Inside({
  dimension,
  by,
  member,
  question,
}: {
  dimension: string;
  by: By;
  member: string | null;
  question: Record<string, string>;
}) {
  const styles = useStyles2(getStyles);
  const { query: filters } = useFilters();
  const answer = useApi('/v1/analytics/usage/compare', {
    query: { ...question, ...filters, [by]: [memberText(member)], dimension, limit: 4 },
  });
  const title = `By ${dimensionLabel(dimension).toLowerCase()}`;
  return (
    <div>
      <h4 className={styles.small}>{title}</h4>
      <QueryContent query={answer} height={80}>
        {({ members, other }) => (
          <ul className={styles.list} aria-label={title}>
            {members.map((one) => (
              <li key={one.label} className={styles.row}>
                <span className={styles.name}>
                  {one.label}
                  {one.status === 'both' ? '' : ` (${one.status})`}
                </span>
                <span>
                  {signedUsd(one.contribution.absolute)}
                  {one.status === 'both' && one.change.total_cost_usd.percent != null
                    ? `, ${changePercent(one.change.total_cost_usd.percent)}`
                    : ''}
                  {one.contribution.share_percent === null
                    ? ''
                    : ` · ${percent(one.contribution.share_percent)} of it`}
                </span>
              </li>
            ))}
            {other && other.members > 0 && (
              <li className={styles.row}>
                <span className={styles.name}>Other ({other.members})</span>
                <span>{signedUsd(other.contribution.absolute)}</span>
              </li>
            )}
          </ul>
        )}
      </QueryContent>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  why: css({
    marginTop: theme.spacing(2),
    padding: theme.spacing(1.5, 2),
    background: theme.colors.background.secondary,
    borderRadius: theme.shape.radius.default,
  }),
  heading: css({ fontSize: theme.typography.h5.fontSize, margin: theme.spacing(0, 0, 1) }),
  small: css({
    fontSize: theme.typography.bodySmall.fontSize,
    color: theme.colors.text.secondary,
    margin: theme.spacing(0, 0, 0.5),
  }),
  reasons: css({
    display: 'grid',
    gap: theme.spacing(1, 3),
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(260px, 100%), 1fr))',
    margin: theme.spacing(0, 0, 1.5),
    dt: { fontWeight: theme.typography.fontWeightMedium },
    dd: { margin: 0, color: theme.colors.text.secondary },
  }),
  inside: css({
    display: 'grid',
    gap: theme.spacing(1, 4),
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(260px, 100%), 1fr))',
    marginBottom: theme.spacing(1),
  }),
  list: css({ listStyle: 'none', margin: 0, padding: 0 }),
  row: css({
    display: 'flex',
    flexWrap: 'wrap',
    justifyContent: 'space-between',
    gap: theme.spacing(0, 1),
    padding: theme.spacing(0.25, 0),
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    fontVariantNumeric: 'tabular-nums',
  }),
  name: css({ overflowWrap: 'anywhere' }),
  link: css({ color: theme.colors.text.link, textDecoration: 'underline' }),
});
