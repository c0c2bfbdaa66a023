import { Button } from '@grafana/ui';
import { useSearchParams } from 'react-router-dom';
import { useApi, type Answer } from '../../../api/use-api.ts';
import { count, percent } from '../../../figures/format.ts';
import { instant } from '../../../figures/time.ts';
import { useFilters } from '../../../filters/use-filters.ts';
import { useHost } from '../../../host/host.ts';
import { READ_ONLY } from '../../../host/read-only.ts';
import { useSetParameters } from '../../../navigation/use-set-parameters.ts';
import { DataTable, type Column } from '../../../panels/DataTable.tsx';
import { Nothing } from '../../../panels/Nothing.tsx';
import { PanelGrid } from '../../../panels/Panel.tsx';
import { QueryPanel } from '../../../panels/QueryPanel.tsx';
import { usePeriod } from '../../../period/use-period.ts';
import { PriceForm } from './PriceForm.tsx';
import { doesPriceHelp, REASONS } from './reasons.ts';
import { RepricePanel } from './RepricePanel.tsx';

type Unpriced = Answer<'/v1/analytics/usage/unpriced'>['models'][number];

/** Which calls have no cost, why, and what to do: a price of one's own, then repricing. */
export function UnpricedTab() {
  const { user } = useHost();
  const { query, timeZone } = usePeriod();
  const { query: filters } = useFilters();
  const [search] = useSearchParams();
  const set = useSetParameters();
  const answer = useApi('/v1/analytics/usage/unpriced', { query: { ...query, ...filters } });
  const chosen = modelOf(search.get('model'));
  const unpriced = answer.data?.models.find(
    (one) => one.model_provider === chosen?.provider && one.model_name === chosen.name,
  );
  return (
    <PanelGrid>
      <QueryPanel
        title="Usage without a price"
        description="What has no price has no cost: it is counted here and in no sum of money, never as 0."
        query={answer}
        height={200}
        empty={({ total }) =>
          total.models === 0 && (
            <Nothing>
              {total.total_requests === 0
                ? 'No calls in this period.'
                : `Each of the ${count(total.total_requests)} calls of this period has a known cost.`}
            </Nothing>
          )
        }
      >
        {({ total, models, other }) => (
          <>
            <p>
              {count(total.unpriced_requests)} calls ({percent(total.request_share_percent)} of all) with{' '}
              {count(total.unpriced_tokens, { short: true })} tokens have no cost: the true cost of the period
              is higher than what is told.
              {total.unknown_usage_requests > 0 &&
                ` Of ${count(total.unknown_usage_requests)} not even the tokens are known.`}
            </p>
            <DataTable
              label="Models without a price"
              columns={columns(timeZone, user.mayChange, (model) =>
                set({ model: `${model.model_provider}/${model.model_name}`, job: null }, 'go'),
              )}
              rows={models}
              rowKey={(row) => `${row.model_provider}/${row.model_name}`}
              sortBy="-requests"
              fileName="unpriced-usage"
            />
            {other && <p>And {count(other.models)} more models.</p>}
            {!user.mayChange && <p>{READ_ONLY}</p>}
          </>
        )}
      </QueryPanel>
      {chosen && (
        <PriceForm
          key={`${chosen.provider}/${chosen.name}`}
          provider={chosen.provider}
          model={chosen.name}
          since={unpriced?.first_seen ?? null}
        />
      )}
      <RepricePanel provider={chosen?.provider ?? null} model={chosen?.name ?? null} />
    </PanelGrid>
  );
}

/** `provider/name`; names may hold slashes themselves. */
export function modelOf(text: string | null): { provider: string; name: string } | undefined {
  const at = text?.indexOf('/') ?? -1;
  return text === null || at < 1 ? undefined : { provider: text.slice(0, at), name: text.slice(at + 1) };
}

function columns(
  timeZone: string,
  mayChange: boolean,
  onPrice: (model: Unpriced) => void,
): Column<Unpriced>[] {
  return [
    {
      id: 'model',
      header: 'Model',
      value: (row) => `${row.model_provider} · ${row.model_name}`,
    },
    {
      id: 'requests',
      header: 'Calls',
      numeric: true,
      value: (row) => row.unpriced_requests,
      cell: (row) => count(row.unpriced_requests),
    },
    {
      id: 'tokens',
      header: 'Tokens',
      numeric: true,
      wideOnly: true,
      value: (row) => row.unpriced_tokens,
      cell: (row) => count(row.unpriced_tokens, { short: true }),
    },
    {
      id: 'seen',
      header: 'First and last call',
      wideOnly: true,
      value: (row) => row.last_seen,
      cell: (row) => (
        <>
          {instant(row.first_seen, timeZone).slice(0, 16)}
          <br />
          {instant(row.last_seen, timeZone).slice(0, 16)}
        </>
      ),
    },
    {
      id: 'why',
      header: 'Why',
      wideOnly: true,
      value: ({ reason }) => REASONS[reason] ?? reason,
    },
    { id: 'what', header: 'What to do', value: (row) => row.what_to_do },
    {
      id: 'price',
      header: 'Price',
      value: () => null,
      cell: (row) =>
        doesPriceHelp(row.reason) && (
          <Button
            size="sm"
            variant="secondary"
            icon="plus"
            disabled={!mayChange}
            tooltip={mayChange ? undefined : READ_ONLY}
            aria-label={`Add a price for ${row.model_name}`}
            onClick={() => onPrice(row)}
          >
            Add
          </Button>
        ),
    },
  ];
}
