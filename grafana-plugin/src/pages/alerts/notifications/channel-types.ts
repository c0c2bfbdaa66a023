import type { Answer } from '../../../api/use-api.ts';

export type Channels = Answer<'/v1/analytics/notification-channels'>;
export type Channel = Channels['channels'][number];
export type Route = Answer<'/v1/analytics/notification-routes'>['routes'][number];
export type Delivery = Answer<'/v1/analytics/notification-deliveries'>['deliveries'][number];

export const CHANNEL_TYPES: Record<Channel['type'], string> = {
  slack: 'Slack',
  email: 'Mail',
  webhook: 'Webhook',
};

/** Where a channel sends, as far as it may be shown. */
export function placeText({ settings }: Channel): string {
  return settings.to ? settings.to.join(', ') : `${settings.address_origin ?? ''}/…`;
}
