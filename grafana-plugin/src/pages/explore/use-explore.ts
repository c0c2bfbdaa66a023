import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router-dom';
import { isDimension } from '../../filters/dimensions.ts';
import { addFilter, filtersOf, withFilters, type Filter } from '../../filters/use-filters.ts';
import { useSetParameters, withParameters } from '../../navigation/use-set-parameters.ts';
import { EVENT_DAYS } from '../../panels/EventsPeriodNote.tsx';
import { usePeriod } from '../../period/use-period.ts';
import { MEASURES, type MeasureName } from './measures.ts';
import { nextDimension } from './next-dimension.ts';

export const COMPARISONS = [
  'off',
  'previous_period',
  'last_week',
  'last_month',
  'last_year',
  'custom',
] as const;
export type Comparison = (typeof COMPARISONS)[number];
export const LIMITS = ['5', '10', '20', '50', '100'] as const;
export const CHARTS = ['bars', 'lines', 'none'] as const;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

export interface Explored {
  /** One dimension, or two for pairs. */
  dimensions: string[];
  order: MeasureName;
  limit: number;
  chart: (typeof CHARTS)[number];
  comparison: Comparison;
  /** The other period of a custom comparison: two dates, '' where not chosen. */
  compareStart: string;
  compareEnd: string;
}

/** The page's own parameters; names of dimensions are filters, so none of these is one. */
type Parameter = 'by' | 'and' | 'order' | 'top' | 'chart' | 'compare' | 'compare_start' | 'compare_end';
const DEFAULTS: Partial<Record<Parameter, string>> = {
  by: 'project_id',
  order: 'total_cost_usd',
  top: '10',
  chart: 'bars',
  compare: 'off',
};

function exploredOf(search: URLSearchParams): Explored {
  const by = search.get('by') ?? '';
  const first = isDimension(by) ? by : 'project_id';
  const second = search.get('and') ?? '';
  const order = search.get('order') ?? '';
  const date = (name: Parameter) => (DATE.test(search.get(name) ?? '') ? (search.get(name) ?? '') : '');
  return {
    dimensions: isDimension(second) && second !== first ? [first, second] : [first],
    order: Object.hasOwn(MEASURES, order) ? (order as MeasureName) : 'total_cost_usd',
    limit: Number(LIMITS.find((limit) => limit === search.get('top')) ?? '10'),
    chart: CHARTS.find((chart) => chart === search.get('chart')) ?? 'bars',
    comparison: COMPARISONS.find((one) => one === search.get('compare')) ?? 'off',
    compareStart: date('compare_start'),
    compareEnd: date('compare_end'),
  };
}

export interface ExploreState extends Explored {
  filters: Filter[];
  change: (parameters: Partial<Record<Parameter, string>>) => void;
  /** The search of the page with these members as filters, at a sensible next dimension. */
  drillDown: (member: Record<string, string | null>) => string;
  /** The search of the page with the first filters alone, at the dimension of the one that is left out first. */
  backTo: (filters: number) => string;
}

/** What is explored and how: all of it is in the URL. */
export function useExplore(): ExploreState {
  const [search] = useSearchParams();
  const setParameters = useSetParameters();
  const { days } = usePeriod();
  const change = useCallback(
    (parameters: Partial<Record<Parameter, string>>) => setParameters(withoutDefaults(parameters)),
    [setParameters],
  );
  return useMemo(() => {
    const filters = filtersOf(search);
    const searchWith = (next: Filter[], by: string) =>
      `?${withParameters(withFilters(search, next), withoutDefaults({ by, and: '' })).toString()}`;
    return {
      ...exploredOf(search),
      filters,
      change,
      drillDown(member) {
        const next = Object.entries(member).reduce(
          (all, [name, value]) => addFilter(all, name, value),
          filters,
        );
        return searchWith(next, nextDimension(Object.keys(member), next, days <= EVENT_DAYS));
      },
      backTo: (howMany) =>
        searchWith(
          filters.slice(0, howMany),
          filters[howMany]?.dimension ?? exploredOf(search).dimensions[0] ?? '',
        ),
    };
  }, [search, change, days]);
}

/** What is empty or the default has no place in the URL. */
function withoutDefaults(parameters: Partial<Record<Parameter, string>>): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      value === '' || value === DEFAULTS[name as Parameter] ? null : value,
    ]),
  );
}
