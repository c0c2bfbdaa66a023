import { Input } from '@grafana/ui';
import { useId } from 'react';
import { DIMENSION_LABELS, DIMENSIONS, dimensionLabel } from '../../filters/dimensions.ts';
import { Choice, Choices, ShortChoice } from '../../panels/Choice.tsx';
import { MEASURE_NAMES, MEASURES } from './measures.ts';
import { CHARTS, COMPARISONS, LIMITS, type Comparison, type ExploreState } from './use-explore.ts';

const COMPARISON_LABELS: Record<Comparison, string> = {
  off: 'Nothing',
  previous_period: 'The period before',
  last_week: 'The same a week before',
  last_month: 'The same a month before',
  last_year: 'The same a year before',
  custom: 'Other dates …',
};
const CHART_LABELS = { bars: 'Bars', lines: 'Lines', none: 'None' } as const;

/** What is broken down, by what it is ordered, and beside which period it is set. */
export function ExploreControls({ state }: { state: ExploreState }) {
  const { dimensions, order, limit, chart, comparison, compareStart, compareEnd, change } = state;
  const [first = 'project_id', second = ''] = dimensions;
  const id = useId();
  return (
    <Choices label="What is shown">
      <Choice
        label="By (or a tag's name)"
        value={first}
        options={dimensionOptions(first)}
        onChange={(by) => change({ by, ...(by === second ? { and: '' } : {}) })}
        onOther={(text) => change({ by: tagOf(text) })}
      />
      <Choice
        label="And by"
        value={second}
        options={[
          { value: '', label: 'Nothing else' },
          ...dimensionOptions(second).filter(({ value }) => value !== first),
        ]}
        onChange={(and) => change({ and })}
        onOther={(text) => change({ and: tagOf(text) })}
      />
      <Choice
        label="Order by"
        width={30}
        value={order}
        options={MEASURE_NAMES.map((value) => ({ value, label: MEASURES[value].label }))}
        onChange={(value) => change({ order: value })}
      />
      <Choice
        label="Top"
        width={10}
        value={String(limit)}
        options={LIMITS.map((value) => ({ value: value, label: value }))}
        onChange={(top) => change({ top })}
      />
      <Choice
        label="Compare with"
        width={26}
        value={comparison}
        options={COMPARISONS.map((value) => ({ value, label: COMPARISON_LABELS[value] }))}
        onChange={(compare) => change({ compare })}
      />
      {comparison === 'custom' && (
        <>
          <div>
            <label htmlFor={`${id}-from`}>From</label>
            <Input
              id={`${id}-from`}
              type="date"
              width={20}
              value={compareStart}
              max={compareEnd === '' ? undefined : compareEnd}
              onChange={(event) => change({ compare_start: event.currentTarget.value })}
            />
          </div>
          <div>
            <label htmlFor={`${id}-to`}>To, that day too</label>
            <Input
              id={`${id}-to`}
              type="date"
              width={20}
              value={compareEnd}
              min={compareStart === '' ? undefined : compareStart}
              onChange={(event) => change({ compare_end: event.currentTarget.value })}
            />
          </div>
        </>
      )}
      <ShortChoice
        label="Chart"
        value={chart}
        options={CHARTS.map((value) => ({ value, label: CHART_LABELS[value] }))}
        onChange={(value) => change({ chart: value })}
      />
    </Choices>
  );
}

/** Every dimension, and the tag that is shown: it is not in the list otherwise. */
function dimensionOptions(shown: string): { value: string; label: string }[] {
  const options = DIMENSIONS.map((value) => ({
    value: value,
    label: DIMENSION_LABELS[value],
  }));
  return shown.startsWith('metadata.')
    ? [...options, { value: shown, label: `Tag ${dimensionLabel(shown)}` }]
    : options;
}

/** What was typed as the name of a tag. */
function tagOf(text: string): string {
  const name = text.trim();
  return name === '' || name.startsWith('metadata.') ? name : `metadata.${name}`;
}
