import { useSearchParams } from 'react-router-dom';
import { useApi } from '../../../api/use-api.ts';
import { QueryContent } from '../../../panels/QueryPanel.tsx';
import { BudgetDetail } from './BudgetDetail.tsx';
import { BudgetForm } from './BudgetForm.tsx';
import { BudgetList } from './BudgetList.tsx';

/** The list, one budget (`budget`), or the form (`form=new`, `form=edit`), by the URL. */
export function BudgetsTab() {
  const [search] = useSearchParams();
  const budgets = useApi('/v1/analytics/budgets');
  const form = search.get('form');
  const id = Number(search.get('budget'));
  if (form === 'new') return <BudgetForm />;
  return (
    <QueryContent query={budgets} height={300}>
      {({ budgets: all }) => {
        const budget = all.find((one) => one.budget_id === id);
        if (form === 'edit' && budget) return <BudgetForm key={budget.budget_id} budget={budget} />;
        return budget ? <BudgetDetail budget={budget} /> : <BudgetList budgets={all} />;
      }}
    </QueryContent>
  );
}
