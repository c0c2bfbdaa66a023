import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, ConfirmModal, useStyles2 } from '@grafana/ui';
import { useState } from 'react';
import { useApi, useChange } from '../../../api/use-api.ts';
import { amountText } from '../../../budgets/amount.ts';
import { outlookOf, type Budget, type BudgetStatus } from '../../../budgets/outlook.ts';
import { count, percent } from '../../../figures/format.ts';
import { instant } from '../../../figures/time.ts';
import { scopeText, type FilterConditions } from '../../../filters/filter-conditions.ts';
import { useHost } from '../../../host/host.ts';
import { READ_ONLY } from '../../../host/read-only.ts';
import { useSetParameters } from '../../../navigation/use-set-parameters.ts';
import { KeyFigure, KeyFigures } from '../../../panels/KeyFigure.tsx';
import { Panel, PanelGrid } from '../../../panels/Panel.tsx';
import { QueryContent } from '../../../panels/QueryPanel.tsx';
import { StatusBadge } from '../../../panels/StatusBadge.tsx';
import { useTimeZone } from '../../../period/time-zone.tsx';
import { AllBudgetsLink } from './AllBudgetsLink.tsx';
import { BudgetHistory } from './BudgetHistory.tsx';
import { BurnDownPanel } from './BurnDownPanel.tsx';
import { budgetPeriodText } from './periods.ts';

const ENFORCEMENTS: Record<string, string> = {
  none: 'The check before a call always answers allow.',
  warn: 'The check before a call warns from the lowest threshold on.',
  block: 'The check before a call answers block once the amount is used up.',
};

/** One budget: its state, what is left of it, its thresholds and past periods; change and delete. */
export function BudgetDetail({ budget }: { budget: Budget }) {
  const { user } = useHost();
  const set = useSetParameters();
  const change = useChange();
  const [isAsked, setIsAsked] = useState(false);
  const answer = useApi(
    '/v1/analytics/budgets/{budget_id}',
    { path: { budget_id: String(budget.budget_id) } },
    { every: 30_000 },
  );
  const path = `/v1/analytics/budgets/${budget.budget_id}`;
  const whyNot = user.mayChange ? undefined : READ_ONLY;
  return (
    <>
      <AllBudgetsLink />
      <PanelGrid>
        <Panel
          title={budget.name}
          actions={
            <>
              <Button
                size="sm"
                variant="secondary"
                icon="edit"
                disabled={!user.mayChange}
                tooltip={whyNot}
                onClick={() => set({ form: 'edit' }, 'go')}
              >
                Change
              </Button>
              <Button
                size="sm"
                variant="secondary"
                disabled={!user.mayChange || change.isPending}
                tooltip={whyNot}
                onClick={() =>
                  change.mutate({
                    path,
                    method: 'PATCH',
                    body: { enabled: !budget.enabled },
                    done: budget.enabled ? 'The budget is switched off.' : 'The budget is switched on.',
                  })
                }
              >
                {budget.enabled ? 'Switch off' : 'Switch on'}
              </Button>
              <Button
                size="sm"
                variant="destructive"
                fill="outline"
                icon="trash-alt"
                disabled={!user.mayChange}
                tooltip={whyNot}
                onClick={() => setIsAsked(true)}
              >
                Delete
              </Button>
            </>
          }
        >
          <p>
            {amountText(budget.amount, budget.measure)} in a {budgetPeriodText(budget)}:{' '}
            {scopeText(budget.filters as FilterConditions)}. {ENFORCEMENTS[budget.enforcement]}
            {budget.description === '' ? '' : ` ${budget.description}`}
          </p>
          {budget.enabled ? (
            <QueryContent query={answer} height={110}>
              {({ status }) => <State status={status} />}
            </QueryContent>
          ) : (
            <p>It is switched off: neither evaluated nor checked.</p>
          )}
        </Panel>
        {answer.data && budget.enabled && <BurnDownPanel budget={budget} status={answer.data.status} />}
        {answer.data && budget.enabled && <Thresholds status={answer.data.status} />}
        <BudgetHistory budget={budget} />
      </PanelGrid>
      <ConfirmModal
        isOpen={isAsked}
        title={`Delete the budget ${budget.name}?`}
        body="Its past periods and crossings are deleted too. This cannot be undone. To keep them, switch it off."
        confirmText="Delete"
        onDismiss={() => setIsAsked(false)}
        onConfirm={() => {
          setIsAsked(false);
          // The list first: what is shown here is asked again after a change, and would not be there any more.
          set({ budget: null });
          change.mutate({ path, method: 'DELETE', done: 'The budget is deleted.' });
        }}
      />
    </>
  );
}

function State({ status }: { status: BudgetStatus }) {
  const { timeZone } = useTimeZone();
  const measure = status.measure;
  const outlook = outlookOf(status);
  const { forecast } = status;
  return (
    <>
      <p>
        <StatusBadge tone={outlook.tone} label={outlook.label} /> {outlook.sentence}
      </p>
      <KeyFigures label="State of the budget">
        <KeyFigure
          label="Used"
          value={percent(status.percent)}
          note={`${amountText(status.spent, measure)} of ${amountText(status.limit, measure)}`}
        />
        <KeyFigure
          label={status.remaining.startsWith('-') ? 'Overspent by' : 'Left'}
          value={amountText(status.remaining.replace(/^-/, ''), measure)}
          note={`until ${instant(status.period.end, timeZone).slice(0, 16)}`}
        />
        <KeyFigure
          label="Used a day"
          value={amountText(status.burn_rate.now_per_day, measure)}
          note={`now; ${amountText(status.burn_rate.average_per_day, measure)} in the period so far`}
        />
        <KeyFigure
          label="Expected at the end"
          value={forecast ? amountText(forecast.at_end, measure) : '–'}
          note={
            !forecast
              ? 'a window that moves has no end'
              : `${amountText(forecast.lower, measure)} to ${amountText(forecast.upper, measure)}, ${percent(100 * forecast.level)} likely`
          }
        />
        <KeyFigure
          label="Used up"
          value={
            status.exhausted_at === null
              ? 'Not in sight'
              : instant(status.exhausted_at, timeZone).slice(0, 16)
          }
          note={status.exhausted_at === null ? undefined : status.is_exhausted ? 'first seen' : 'expected'}
        />
      </KeyFigures>
      {status.is_lower_bound && (
        <p>
          The true figure is higher: {count(status.unpriced_requests)} calls have no price and are in no cost.
        </p>
      )}
    </>
  );
}

function Thresholds({ status }: { status: BudgetStatus }) {
  const styles = useStyles2(getStyles);
  const { timeZone } = useTimeZone();
  return (
    <Panel
      title="Thresholds"
      span={4}
      description="Crossed once a period. A forecast threshold is crossed before the amount is used, not after."
    >
      {status.thresholds.length === 0 ? (
        <p>It has none.</p>
      ) : (
        <ul className={styles.list}>
          {status.thresholds.map(({ percent: at, kind, is_crossed: isCrossed, crossed_at: when }) => (
            <li key={`${kind} ${at}`}>
              <StatusBadge
                tone={isCrossed ? 'warning' : 'neutral'}
                label={`${percent(at)} ${kind === 'forecast' ? 'expected' : 'used'}`}
              />{' '}
              {isCrossed ? (when === null ? 'crossed' : `crossed ${instant(when, timeZone)}`) : 'not crossed'}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ listStyle: 'none', margin: 0, padding: 0, '& li': { padding: theme.spacing(0.5, 0) } }),
});
