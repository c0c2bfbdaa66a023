/** What a channel is, and what its settings and secrets are. */
export const CHANNEL_TYPES = ['slack', 'email', 'webhook'] as const;
export type ChannelType = (typeof CHANNEL_TYPES)[number];

export interface SlackSecrets {
  /** Who has it can post: the address is the secret. */
  webhook_url: string;
}
export interface WebhookSecrets {
  /** Whole, since many receivers take a token in it. */
  url: string;
  signing_secret: string;
}
export interface EmailSettings {
  to: string[];
}
/** What answers show of a channel whose address is secret. */
export interface AddressSettings {
  /** Scheme, host and port, e.g. https://hooks.slack.com */
  address_origin: string;
}

/** A channel's kind of place with all that is needed to send there. */
export type Destination =
  | ({ type: 'slack' } & SlackSecrets)
  | ({ type: 'webhook' } & WebhookSecrets)
  | ({ type: 'email' } & EmailSettings);

export interface Channel {
  channelId: number;
  tenantId: string;
  name: string;
  type: ChannelType;
  settings: EmailSettings | AddressSettings;
  enabled: boolean;
  createdAt: Date;
  createdBy: string;
  updatedAt: Date;
  updatedBy: string;
  health: ChannelHealth;
}

export interface ChannelHealth {
  consecutiveFailures: number;
  pausedUntil: Date | null;
  lastDeliveredAt: Date | null;
  lastFailedAt: Date | null;
  lastError: string | null;
}
