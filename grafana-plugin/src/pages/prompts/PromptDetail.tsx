import { useApi } from '../../api/use-api.ts';
import { memberLabel, memberOf } from '../../filters/dimensions.ts';
import { AnalyticsPage } from '../../navigation/AnalyticsPage.tsx';
import { usePageLink } from '../../navigation/use-page-link.ts';
import { Freshness } from '../../panels/Freshness.tsx';
import { MembersPanel } from '../../panels/MembersPanel.tsx';
import { PanelGrid } from '../../panels/Panel.tsx';
import { WhyPanel } from '../../panels/WhyPanel.tsx';
import { usePeriod } from '../../period/use-period.ts';
import { PromptFigures } from './PromptFigures.tsx';
import { VersionsOverTime } from './VersionsOverTime.tsx';
import { VersionTable } from './VersionTable.tsx';

interface Props {
  /** As the API's query has it: '__none__' are calls without a prompt. */
  prompt: string;
  filters: Record<string, string[]>;
  allLink: string;
}

/** One prompt: what it costs, its versions against each other, what changed and why, who uses it. */
export function PromptDetail({ prompt, filters, allLink }: Props) {
  const { query, groupBy } = usePeriod();
  const link = usePageLink();
  const name = memberLabel('prompt_id', memberOf(prompt));
  const versions = useApi('/v1/analytics/usage/breakdown', {
    query: { ...query, ...filters, dimension: 'prompt_version', limit: 100, group_by: groupBy },
  });
  return (
    <AnalyticsPage title={name} subTitle="One prompt" parent={{ text: 'Prompts', url: allLink }}>
      <PromptFigures filters={filters} prompt={prompt} />
      <PanelGrid>
        <VersionTable answer={versions} filters={filters} prompt={prompt} />
        <VersionsOverTime answer={versions} />
        <WhyPanel subject={name} filters={filters} dimensions={['prompt_version', 'model_name']} />
        <MembersPanel
          title="Which models it uses"
          dimension="model_name"
          filters={filters}
          subject={{ prompt_id: prompt }}
          to={(model) => link('models', { search: { model } })}
          does={(label) => `More about ${label}`}
        />
        <MembersPanel
          title="Who uses it"
          description="Users are read from the events: at most 93 days at once."
          dimension="user_id"
          filters={filters}
          subject={{ prompt_id: prompt }}
          to={(user) =>
            link('explore', { search: { prompt_id: prompt, user_id: user, by: 'prompt_version' } })
          }
          does={(label) => `What ${label} does with it`}
        />
      </PanelGrid>
      <Freshness of={versions.data?.freshness} />
    </AnalyticsPage>
  );
}
