import { Drawer } from '@grafana/ui';
import { useApi } from '../../api/use-api.ts';
import { QueryContent } from '../../panels/QueryPanel.tsx';
import { EventDetail } from './EventDetail.tsx';

interface Props {
  eventId: string;
  /** The time of the call: finds those that were sent without an id, or long ago. */
  timestamp: string | null;
  onClose: () => void;
}

/** One event beside the list. */
export function EventDrawer({ eventId, timestamp, onClose }: Props) {
  const answer = useApi('/v1/analytics/usage/events/{event_id}', {
    path: { event_id: eventId },
    query: { timestamp },
  });
  return (
    <Drawer title="Event" subtitle={eventId} size="md" onClose={onClose}>
      <QueryContent query={answer} height={400}>
        {(event) => <EventDetail event={event} />}
      </QueryContent>
    </Drawer>
  );
}
