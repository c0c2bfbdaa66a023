import { useApi } from '../../../api/use-api.ts';
import { PanelGrid } from '../../../panels/Panel.tsx';
import { ChannelsPanel } from './ChannelsPanel.tsx';
import { DeliveryLog } from './DeliveryLog.tsx';
import { RoutesPanel } from './RoutesPanel.tsx';

/** Channels, which alerts go to which of them, and what became of each message. */
export function NotificationsTab() {
  const channels = useApi('/v1/analytics/notification-channels', {}, { every: 30_000 });
  return (
    <PanelGrid>
      <ChannelsPanel channels={channels} />
      <RoutesPanel channels={channels.data?.channels ?? []} />
      <DeliveryLog channels={channels.data?.channels ?? []} />
    </PanelGrid>
  );
}
