import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, Checkbox, Field, Input, useStyles2 } from '@grafana/ui';
import { useId, useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import type { ApiProblem } from '../../../api/problem.ts';
import { apiPath, useApi, type Answer } from '../../../api/use-api.ts';
import { useHost } from '../../../host/host.ts';
import { useSetParameters } from '../../../navigation/use-set-parameters.ts';
import { Nothing } from '../../../panels/Nothing.tsx';
import { Panel } from '../../../panels/Panel.tsx';
import { ProblemAlert } from '../../../panels/ProblemAlert.tsx';
import { QueryContent } from '../../../panels/QueryPanel.tsx';
import { chargesOf, isInForce, timeOf } from './price-text.ts';
import { PriceTable } from './PriceTable.tsx';

const PAGE = 50;

/** Looks a model up in the book: which price a call would get now and why, and all rows that match its name. */
export function PriceSearch() {
  const styles = useStyles2(getStyles);
  const id = useId();
  const [search] = useSearchParams();
  const set = useSetParameters();
  const asked = { provider: search.get('provider') ?? '', model: search.get('model') ?? '' };
  const withHistory = search.get('history') === '1';
  const [provider, setProvider] = useState(asked.provider);
  const [model, setModel] = useState(asked.model);
  return (
    <Panel
      title="Search the price book"
      description="The public list with its historic prices, and your own. A name is matched as that of a call would be."
    >
      <form
        className={styles.form}
        aria-label="Search prices"
        onSubmit={(event) => {
          event.preventDefault();
          set({ provider: provider.trim() || null, model: model.trim() || null });
        }}
      >
        <Field label="Provider" htmlFor={`${id}-provider`} className={styles.field}>
          <Input
            id={`${id}-provider`}
            value={provider}
            maxLength={256}
            placeholder="openai"
            onChange={({ currentTarget: { value } }) => setProvider(value)}
          />
        </Field>
        <Field label="Model" htmlFor={`${id}-model`} className={styles.field}>
          <Input
            id={`${id}-model`}
            value={model}
            maxLength={256}
            placeholder="gpt-4o-mini"
            onChange={({ currentTarget: { value } }) => setModel(value)}
          />
        </Field>
        <Button type="submit" icon="search">
          Search
        </Button>
        <Checkbox
          label="Former and future prices too"
          value={withHistory}
          onChange={({ currentTarget: { checked } }) => set({ history: checked ? '1' : null })}
        />
      </form>
      {asked.provider !== '' && asked.model !== '' && (
        <Resolved provider={asked.provider} model={asked.model} />
      )}
      {asked.provider !== '' || asked.model !== '' ? (
        <Found key={`${asked.provider} ${asked.model}`} {...asked} withHistory={withHistory} />
      ) : (
        <Nothing>Tell a provider, a model or both.</Nothing>
      )}
    </Panel>
  );
}

/** The price that a call would get now. */
function Resolved({ provider, model }: { provider: string; model: string }) {
  const answer = useApi('/v1/prices/resolve', { query: { provider, model } });
  return (
    <QueryContent query={answer} height={60}>
      {({ price, discount, why, what_to_do: whatToDo }) => (
        <p>
          <strong>{price ? `A call now costs: ${chargesOf(price)}` : 'A call now has no price.'}</strong>
          {price && ` (${timeOf(price)}).`} {discount && `Less ${discount.discount_percent ?? ''} %. `}
          {why} {whatToDo}
        </p>
      )}
    </QueryContent>
  );
}

function Found({ provider, model, withHistory }: { provider: string; model: string; withHistory: boolean }) {
  const host = useHost();
  const question = {
    provider: provider === '' ? undefined : provider,
    model: model === '' ? undefined : model,
    limit: PAGE,
  };
  const first = useApi('/v1/prices', { query: question });
  const [more, setMore] = useState<Answer<'/v1/prices'> | null>(null);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const load = async (cursor: string) => {
    setProblem(null);
    try {
      const { data } = await host.request(apiPath('/v1/prices', { query: { ...question, cursor } }));
      const page = data as Answer<'/v1/prices'>;
      setMore((before) => ({ ...page, prices: [...(before?.prices ?? []), ...page.prices] }));
    } catch (error) {
      setProblem(error as ApiProblem);
    }
  };
  return (
    <QueryContent query={first} height={160}>
      {(page) => {
        const all = [...page.prices, ...(more?.prices ?? [])];
        const shown = withHistory ? all : all.filter((price) => isInForce(price, Date.now()));
        const cursor = more ? more.next_cursor : page.next_cursor;
        return (
          <>
            {shown.length === 0 ? (
              <Nothing>
                No price {withHistory ? '' : 'in force '}matches. Calls of such a model have no cost until you
                add a price below.
              </Nothing>
            ) : (
              <PriceTable label="Prices found" prices={shown} fileName="prices" />
            )}
            {problem && <ProblemAlert problem={problem} />}
            {cursor !== null && (
              <Button variant="secondary" size="sm" onClick={() => void load(cursor)}>
                More
              </Button>
            )}
          </>
        );
      }}
    </QueryContent>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  form: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'flex-end',
    gap: theme.spacing(1.5),
    marginBottom: theme.spacing(2),
  }),
  field: css({ marginBottom: 0, minWidth: 180 }),
});
