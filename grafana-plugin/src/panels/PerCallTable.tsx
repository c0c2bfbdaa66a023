import { count, duration, percent, usd } from '../figures/format.ts';
import { roundedChange } from './ChangeTable.tsx';
import { DataTable } from './DataTable.tsx';
import {
  cacheReadShare,
  changeOf,
  costPerThousandCalls,
  errorRate,
  tokensPerCall,
  type UsageFigures,
} from './usage-rates.ts';

interface Figures extends UsageFigures {
  average_response_time_ms: number | null;
}

interface Row {
  label: string;
  of: (figures: Figures) => number | null;
  text: (value: number | null) => string;
  /** Of what is a percentage already, the change in points. */
  inPoints?: boolean;
}

const tokens = (value: number | null) => count(value);
const ROWS: Row[] = [
  { label: 'Cost of 1,000 calls', of: costPerThousandCalls, text: (value) => usd(value) },
  { label: 'Input tokens, uncached', of: (one) => tokensPerCall(one.input_tokens, one), text: tokens },
  {
    label: 'Input tokens, from prompt cache',
    of: (one) => tokensPerCall(one.cache_read_tokens, one),
    text: tokens,
  },
  {
    label: 'Input tokens, written to prompt cache',
    of: (one) => tokensPerCall(one.cache_write_5m_tokens + one.cache_write_1h_tokens, one),
    text: tokens,
  },
  { label: 'Output tokens', of: (one) => tokensPerCall(one.output_tokens, one), text: tokens },
  { label: 'Prompt cache hits', of: cacheReadShare, text: (value) => percent(value, 1), inPoints: true },
  { label: 'Error rate', of: errorRate, text: (value) => percent(value, 2), inPoints: true },
  {
    label: 'Response time, mean',
    of: (one) => one.average_response_time_ms,
    text: (value) => duration(value),
  },
];

/** What a call costs and uses, before and now. */
export function PerCallTable({ previous, current }: { previous: Figures; current: Figures }) {
  const change = ({ of, inPoints }: Row): number | null => {
    const [before, now] = [of(previous), of(current)];
    if (inPoints !== true) return changeOf(before, now);
    return before === null || now === null ? null : now - before;
  };
  return (
    <DataTable
      label="A call, before and now"
      rows={ROWS}
      rowKey={({ label }) => label}
      columns={[
        {
          id: 'label',
          header: 'A call',
          value: ({ label }) => label,
          cell: ({ label }) => <div style={{ minWidth: 140 }}>{label}</div>,
        },
        {
          id: 'before',
          header: 'Before',
          numeric: true,
          value: ({ of }) => of(previous),
          cell: ({ of, text }) => text(of(previous)),
        },
        {
          id: 'now',
          header: 'Now',
          numeric: true,
          value: ({ of }) => of(current),
          cell: ({ of, text }) => text(of(current)),
        },
        {
          id: 'change',
          header: 'Change',
          numeric: true,
          value: change,
          cell: (row) =>
            row.inPoints === true
              ? `${roundedChange(change(row)).replace(' %', '')}${change(row) === null ? '' : ' points'}`
              : roundedChange(change(row)),
        },
      ]}
    />
  );
}
