import { memberLabel, memberOf } from '../../filters/dimensions.ts';
import { AnalyticsPage } from '../../navigation/AnalyticsPage.tsx';
import { usePageLink } from '../../navigation/use-page-link.ts';
import { MembersPanel } from '../../panels/MembersPanel.tsx';
import { PanelGrid } from '../../panels/Panel.tsx';
import { WhyPanel } from '../../panels/WhyPanel.tsx';
import { ModelErrors } from './ModelErrors.tsx';
import { ModelFigures } from './ModelFigures.tsx';
import { CostOverTime, ResponseTimeOverTime } from './ModelOverTime.tsx';
import { ModelPrice } from './ModelPrice.tsx';
import { SlowerToday } from './SlowerToday.tsx';

interface Props {
  model: string;
  filters: Record<string, string[]>;
  allLink: string;
}

/** One model: whether it is slower today, what it costs and why that changed, what fails, which prompts and users use it, its price. */
export function ModelDetail({ model, filters, allLink }: Props) {
  const link = usePageLink();
  const name = memberLabel('model_name', memberOf(model));
  return (
    <AnalyticsPage title={name} subTitle="One model" parent={{ text: 'Models & providers', url: allLink }}>
      <ModelFigures model={model} filters={filters} />
      <PanelGrid>
        <SlowerToday model={name} filters={filters} />
        <ResponseTimeOverTime filters={filters} />
        <CostOverTime filters={filters} />
        <ModelPrice model={model} filters={filters} />
        <WhyPanel
          subject={name}
          filters={filters}
          dimensions={['prompt_id', 'prompt_version']}
          listedBy={['prompt_id', 'project_id']}
        />
        <MembersPanel
          title="Which prompts use it"
          dimension="prompt_id"
          filters={filters}
          subject={{ model_name: model }}
          to={(prompt) => link('prompts', { search: { prompt } })}
          does={(label) => `More about ${label}`}
        />
        <ModelErrors model={model} filters={filters} />
        <MembersPanel
          title="Who uses it"
          span={12}
          description="Users are read from the events: at most 93 days at once."
          dimension="user_id"
          filters={filters}
          subject={{ model_name: model }}
          to={(user) => link('explore', { search: { model_name: model, user_id: user, by: 'prompt_id' } })}
          does={(label) => `What ${label} does with it`}
        />
      </PanelGrid>
    </AnalyticsPage>
  );
}
