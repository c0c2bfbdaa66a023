import { usePreview } from '../../../api/use-preview.ts';
import { Nothing } from '../../../panels/Nothing.tsx';
import { Panel } from '../../../panels/Panel.tsx';
import { QueryContent } from '../../../panels/QueryPanel.tsx';
import { bodyOf, type FormState } from './form-state.ts';
import { PreviewTable, type PreviewPeriod } from './PreviewTable.tsx';

/** What the budget that is being typed would have held in the last periods. Nothing is stored. */
export function BudgetPreview({ state, isRight }: { state: FormState; isRight: boolean }) {
  const { name: _name, description: _description, ...draft } = bodyOf(state);
  const preview = usePreview<{ periods: PreviewPeriod[] }>('/v1/analytics/budgets/preview', draft, {
    isRight,
  });
  return (
    <Panel
      title="What it would have held"
      span={5}
      description="The last six periods, by what is stored now. Thresholds are those of what was used."
    >
      {isRight ? (
        <QueryContent
          query={preview}
          height={200}
          empty={({ periods }) => periods.length === 0 && <Nothing>There is no past to tell.</Nothing>}
        >
          {({ periods }) => <PreviewTable periods={periods} measure={state.measure} />}
        </QueryContent>
      ) : (
        <Nothing>Give an amount to see what the last periods would have been.</Nothing>
      )}
    </Panel>
  );
}
