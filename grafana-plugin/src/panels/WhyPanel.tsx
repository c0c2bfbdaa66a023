import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useApi } from '../api/use-api.ts';
import { usd } from '../figures/format.ts';
import { signed } from '../figures/signed.ts';
import { dimensionLabel, memberText } from '../filters/dimensions.ts';
import { usePageLink } from '../navigation/use-page-link.ts';
import { changeReason } from './change-reason.ts';
import { ChangeTable, type Comparison } from './ChangeTable.tsx';
import { CostChangeParts } from './CostChangeParts.tsx';
import { Nothing } from './Nothing.tsx';
import { Panel } from './Panel.tsx';
import { PerCallTable } from './PerCallTable.tsx';
import { PeriodsCompared } from './PeriodsCompared.tsx';
import { QueryContent } from './QueryPanel.tsx';
import { SinceChoice } from './SinceChoice.tsx';
import { knownCost } from './usage-rates.ts';
import { useSince } from './use-since.ts';

interface Props {
  /** What the calls have in common, in a sentence: 'support-reply'. */
  subject: string;
  filters: Record<string, string[]>;
  /** The groups that a call can be of; a change of cost is split by them, and told by each. */
  dimensions: [string, string];
  /** What the change is listed by; default: the same dimensions, one at a time. */
  listedBy?: string[];
}

/** What changed in the cost of some calls, and why: by number of calls, by groups that are dearer, by what a call of a group uses. */
export function WhyPanel({ subject, filters, dimensions, listedBy = dimensions }: Props) {
  const styles = useStyles2(getStyles);
  const { since, setSince, periods } = useSince();
  const question = { ...periods, ...filters };
  const pairs = useApi('/v1/analytics/usage/compare', {
    query: { ...question, dimension: dimensions, limit: 100 },
  });
  return (
    <Panel
      title="What changed, and why"
      description="The change of cost is split into more calls (at the mean cost before), other groups being called (dearer ones more often, new ones, gone ones), and calls of the same group that cost more than before. The parts add up to the change."
      actions={<SinceChoice since={since} onChange={setSince} />}
    >
      <QueryContent
        query={pairs}
        height={320}
        empty={({ total }) =>
          total.current.total_requests + total.previous.total_requests === 0 && (
            <Nothing>No calls in either period.</Nothing>
          )
        }
      >
        {(answer) => (
          <>
            <p className={styles.sentence}>{sentence(subject, answer)}</p>
            <PeriodsCompared answer={answer} />
            <div className={styles.beside}>
              <CostChangeParts answer={answer} dimensions={dimensions} />
              <PerCallTable previous={answer.total.previous} current={answer.total.current} />
            </div>
          </>
        )}
      </QueryContent>
      {listedBy.map((dimension) => (
        <ByDimension key={dimension} dimension={dimension} question={question} />
      ))}
    </Panel>
  );
}

/** The pages that are about one member. */
const PAGE_ABOUT: Record<string, { path: string; parameter: string } | undefined> = {
  prompt_id: { path: 'prompts', parameter: 'prompt' },
  model_name: { path: 'models', parameter: 'model' },
};

function ByDimension({
  dimension,
  question,
}: {
  dimension: string;
  question: Record<string, string | string[]>;
}) {
  const styles = useStyles2(getStyles);
  const link = usePageLink();
  const answer = useApi('/v1/analytics/usage/compare', { query: { ...question, dimension, limit: 10 } });
  const page = PAGE_ABOUT[dimension];
  const title = `By ${dimensionLabel(dimension).toLowerCase()}`;
  return (
    <>
      <h3 className={styles.heading}>{title}</h3>
      <QueryContent query={answer} height={120}>
        {(data) => (
          <ChangeTable
            label={`Change of cost ${title.toLowerCase()}`}
            answer={data}
            measure="total_cost_usd"
            unit="usd"
            increaseIs="bad"
            fileName={`change-by-${dimension}`}
            {...(page
              ? {
                  to: (member: Record<string, string | null>) =>
                    link(page.path, { search: { [page.parameter]: memberText(member[dimension] ?? null) } }),
                  does: (name: string) => `More about ${name}`,
                }
              : {})}
          />
        )}
      </QueryContent>
    </>
  );
}

function sentence(subject: string, { total: { previous, current } }: Comparison): string {
  const [before, now] = [knownCost(previous), knownCost(current)];
  const reason = changeReason(previous, current);
  if (before === null || now === null)
    return `What ${subject} costs is not known in both periods: ${reason}.`;
  const verb = now > before ? 'costs more' : now < before ? 'costs less' : 'costs the same';
  return `${subject} ${verb}: ${usd(now)} instead of ${usd(before)} (${signed(usd, now - before)}): ${reason}.`;
}

const getStyles = (theme: GrafanaTheme2) => ({
  sentence: css({ fontSize: theme.typography.h5.fontSize, margin: theme.spacing(0, 0, 1) }),
  beside: css({
    display: 'grid',
    gap: theme.spacing(3),
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(360px, 100%), 1fr))',
    alignItems: 'start',
  }),
  heading: css({ fontSize: theme.typography.h6.fontSize, margin: theme.spacing(3, 0, 1) }),
});
