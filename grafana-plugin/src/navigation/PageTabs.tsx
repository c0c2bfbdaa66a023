import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Tab, TabsBar, useStyles2 } from '@grafana/ui';
import { useSearchParams } from 'react-router-dom';
import { useSetParameters } from './use-set-parameters.ts';

export interface PageTab<Id extends string> {
  /** As `tab` of the URL; the first is shown without one. */
  id: Id;
  label: string;
}

/** The part of the page that is shown: `tab` of the URL. */
export function useTab<Id extends string>(tabs: readonly [PageTab<Id>, ...PageTab<Id>[]]): Id {
  const [search] = useSearchParams();
  const asked = search.get('tab');
  return (tabs.find(({ id }) => id === asked) ?? tabs[0]).id;
}

/** The parts of a page. What goes along from one to another: all but the parameters that are of one of them alone. */
export function PageTabs<Id extends string>({
  tabs,
  shown = tabs,
  counters = {},
  ofOneTab,
}: {
  tabs: readonly [PageTab<Id>, ...PageTab<Id>[]];
  /** Those that this user is offered; default: all. */
  shown?: readonly PageTab<Id>[];
  /** How many of something a part has; 0 is not told. */
  counters?: Partial<Record<Id, number>>;
  ofOneTab: readonly string[];
}) {
  const styles = useStyles2(getStyles);
  const set = useSetParameters();
  const chosen = useTab(tabs);
  return (
    <div className={styles.tabs}>
      <TabsBar>
        {shown.map(({ id, label }) => (
          <Tab
            key={id}
            label={label}
            active={id === chosen}
            counter={counters[id] || null}
            onChangeTab={(event) => {
              event.preventDefault();
              const left = Object.fromEntries(ofOneTab.map((name) => [name, null]));
              set({ ...left, tab: id === tabs[0].id ? null : id }, 'go');
            }}
          />
        ))}
      </TabsBar>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  tabs: css({ marginBottom: theme.spacing(2), overflowX: 'auto' }),
});
