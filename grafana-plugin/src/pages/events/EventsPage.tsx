import { Button } from '@grafana/ui';
import { useMemo } from 'react';
import { useSearchParams } from 'react-router-dom';
import { useFilters } from '../../filters/use-filters.ts';
import { AnalyticsPage } from '../../navigation/AnalyticsPage.tsx';
import { useChoice } from '../../navigation/use-choice.ts';
import { useSetParameters } from '../../navigation/use-set-parameters.ts';
import { usePeriod } from '../../period/use-period.ts';
import { EventDrawer } from './EventDrawer.tsx';
import { EventsPanel } from './EventsPanel.tsx';

/** Single calls, the newest first: a list by pages, a tail of what comes in, and one of them with all that is stored. */
export default function EventsPage() {
  const { query: period, range } = usePeriod();
  const { query: filters } = useFilters();
  const [search] = useSearchParams();
  const set = useSetParameters();
  const [live, setLive] = useChoice('live', ['0', '1'] as const, '0');
  const question = useMemo(() => ({ ...period, ...filters }), [period, filters]);
  const goesOn = range.to.valueOf() >= Date.now() - 60_000 || period.end_date.startsWith('now');
  const isLive = live === '1' && goesOn;
  const event = search.get('event');

  const close = () => set({ event: null, timestamp: null }, 'go');
  return (
    <AnalyticsPage
      title="Events"
      subTitle="Single calls, the newest first, as they come in"
      actions={
        <Button
          variant={isLive ? 'primary' : 'secondary'}
          icon={isLive ? 'pause' : 'play'}
          disabled={!goesOn}
          tooltip={goesOn ? undefined : 'The period is over: choose one that goes up to now'}
          onClick={() => setLive(isLive ? '0' : '1')}
        >
          {isLive ? 'Pause' : 'Live'}
        </Button>
      }
    >
      <EventsPanel key={JSON.stringify(question)} question={question} isLive={isLive} opened={event} />
      {event !== null && <EventDrawer eventId={event} timestamp={search.get('timestamp')} onClose={close} />}
    </AnalyticsPage>
  );
}
