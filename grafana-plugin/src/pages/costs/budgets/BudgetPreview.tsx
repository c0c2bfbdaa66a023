import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { ApiProblem } from '../../../api/problem.ts';
import { useHost } from '../../../host/host.ts';
import { Nothing } from '../../../panels/Nothing.tsx';
import { Panel } from '../../../panels/Panel.tsx';
import { QueryContent } from '../../../panels/QueryPanel.tsx';
import { bodyOf, type FormState } from './form-state.ts';
import { PreviewTable, type PreviewPeriod } from './PreviewTable.tsx';

const PAUSE_MS = 400;

/** What the budget that is being typed would have held in the last periods. Nothing is stored. */
export function BudgetPreview({ state, isRight }: { state: FormState; isRight: boolean }) {
  const host = useHost();
  const { name: _name, description: _description, ...draft } = bodyOf(state);
  const typed = JSON.stringify(draft);
  const body = usePaused(typed);
  const preview = useQuery<{ periods: PreviewPeriod[] }, ApiProblem>({
    queryKey: ['api', 'POST /v1/analytics/budgets/preview', body],
    queryFn: async ({ signal }) =>
      (
        await host.request('/v1/analytics/budgets/preview', {
          method: 'POST',
          body: JSON.parse(body) as unknown,
          signal,
        })
      ).data as { periods: PreviewPeriod[] },
    // What was typed before may not have been right.
    enabled: isRight && body === typed,
    placeholderData: keepPreviousData,
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

/** A text once it has stayed the same for a moment: typing is not asked about letter by letter. */
function usePaused(text: string): string {
  const [paused, setPaused] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return paused;
}
