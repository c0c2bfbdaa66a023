import { ShortChoice } from './Choice.tsx';
import type { Since } from './use-since.ts';

/** Which change a panel explains. */
export function SinceChoice({ since, onChange }: { since: Since; onChange: (since: Since) => void }) {
  return (
    <ShortChoice
      label="Against the time before"
      value={since}
      onChange={onChange}
      options={[
        { value: 'week', label: 'Last 7 days' },
        { value: 'period', label: 'This period' },
      ]}
    />
  );
}
