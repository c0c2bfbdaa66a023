import { useSearchParams } from 'react-router-dom';
import { useApi } from '../../../api/use-api.ts';
import { QueryContent } from '../../../panels/QueryPanel.tsx';
import { RuleForm } from './RuleForm.tsx';
import { RuleList } from './RuleList.tsx';

/** The list, or the form (`form=new`, `rule=<id>`), by the URL. */
export function RulesTab() {
  const [search] = useSearchParams();
  const rules = useApi('/v1/analytics/alert-rules', {}, { every: 30_000 });
  const id = Number(search.get('rule'));
  if (search.get('form') === 'new') return <RuleForm />;
  return (
    <QueryContent query={rules} height={300}>
      {({ rules: all }) => {
        const rule = all.find((one) => one.rule_id === id);
        return rule ? <RuleForm key={rule.rule_id} rule={rule} /> : <RuleList rules={all} />;
      }}
    </QueryContent>
  );
}
