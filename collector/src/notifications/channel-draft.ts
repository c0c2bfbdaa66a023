import { Type, type Static } from 'typebox';
import { Problem } from '../http/errors.ts';
import { nullable } from '../http/schema-parts.ts';
import {
  CHANNEL_TYPES,
  type Channel,
  type ChannelType,
  type EmailSettings,
  type SlackSecrets,
  type WebhookSecrets,
} from './channel.ts';
import { EMAIL_PATTERN } from './email-address.ts';
import { RefusedAddress, type NetworkGuard } from './network-guard.ts';

const Url = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 2_000, description }));
/** A name of a channel or a route: something that can be seen, on one line. */
export const NameSchema = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: '^[^\\u0000-\\u001f\\u007f]*\\S[^\\u0000-\\u001f\\u007f]*$',
});

const SettingsBody = Type.Object(
  {
    webhook_url: Url('slack: the address of the incoming webhook. A secret: answers show its host alone'),
    to: Type.Optional(
      Type.Array(Type.String({ pattern: EMAIL_PATTERN, maxLength: 254 }), {
        minItems: 1,
        maxItems: 20,
        uniqueItems: true,
        description: 'email: the addresses',
      }),
    ),
    url: Url('webhook: the address that is posted to. A secret: answers show its host alone'),
    signing_secret: Type.Optional(
      Type.String({
        minLength: 16,
        maxLength: 200,
        pattern: '^[\\x21-\\x7e]+$',
        description: 'webhook: what both sides sign with; 16 characters or more. No answer has it',
      }),
    ),
  },
  {
    additionalProperties: false,
    description: 'What the type needs: webhook_url, or to, or url and signing_secret',
  },
);

export const ChannelBody = Type.Object(
  {
    name: NameSchema,
    type: Type.Enum(CHANNEL_TYPES),
    enabled: Type.Optional(Type.Boolean({ description: 'Default true' })),
    settings: SettingsBody,
  },
  { additionalProperties: false },
);
export const ChannelPatch = Type.Object(
  {
    name: Type.Optional(NameSchema),
    enabled: Type.Optional(Type.Boolean({ description: 'false: what waits to be sent there is given up' })),
    settings: Type.Optional(SettingsBody),
  },
  { additionalProperties: false, description: 'Settings that are left out stay, secrets too' },
);

const MaybeTime = nullable(Type.String());
export const ChannelSchema = Type.Object({
  channel_id: Type.Integer(),
  name: Type.String(),
  type: Type.Enum(CHANNEL_TYPES),
  enabled: Type.Boolean(),
  settings: Type.Object(
    {
      to: Type.Optional(Type.Array(Type.String())),
      address_origin: Type.Optional(
        Type.String({ description: 'Scheme, host and port of the address; the rest is secret' }),
      ),
    },
    { description: 'Without what is secret' },
  ),
  health: Type.Object({
    status: Type.Enum(['unknown', 'ok', 'failing', 'paused'], {
      description: 'unknown: nothing was sent yet. paused: nothing is sent until paused_until',
    }),
    consecutive_failures: Type.Integer(),
    paused_until: MaybeTime,
    last_delivered_at: MaybeTime,
    last_failed_at: MaybeTime,
    last_error: nullable(Type.String()),
  }),
  created_at: Type.String(),
  created_by: Type.String(),
  updated_at: Type.String(),
  updated_by: Type.String(),
});

/** A channel as it is to be stored. */
export interface ChannelDraft {
  name: string;
  type: ChannelType;
  enabled: boolean;
  settings: Channel['settings'];
  /** undefined: those that are stored stay. */
  secrets: SlackSecrets | WebhookSecrets | undefined;
}

const SETTINGS_OF: Record<ChannelType, readonly (keyof Static<typeof SettingsBody>)[]> = {
  slack: ['webhook_url'],
  email: ['to'],
  webhook: ['url', 'signing_secret'],
};

export interface DraftPlace {
  guard: NetworkGuard;
  hasMailServer: boolean;
}

/** @throws Problem invalid-request that names the field, conflict for mail without a mail server */
export function readChannel(body: Static<typeof ChannelBody>, place: DraftPlace): ChannelDraft {
  const { name, type, enabled = true, settings } = body;
  checkNames(type, settings);
  for (const field of SETTINGS_OF[type])
    if (settings[field] === undefined)
      throw new Problem('invalid-request', `settings.${field}: a channel of type ${type} needs it.`);
  return { name, type, enabled, ...readSettings(type, settings, undefined, place) };
}

/**
 * A channel with some fields replaced.
 * @param known what is stored as secret, where a part of it is replaced
 * @throws Problem as readChannel
 */
export function readChannelPatch(
  channel: Channel,
  patch: Static<typeof ChannelPatch>,
  known: SlackSecrets | WebhookSecrets | undefined,
  place: DraftPlace,
): ChannelDraft {
  const { name = channel.name, enabled = channel.enabled, settings = {} } = patch;
  checkNames(channel.type, settings);
  const kept = { name, type: channel.type, enabled };
  if (Object.keys(settings).length === 0) return { ...kept, settings: channel.settings, secrets: undefined };
  return { ...kept, ...readSettings(channel.type, settings, known, place) };
}

/** Whether a patch replaces only a part of what is secret, so that the rest must be read. */
export function needsKnownSecrets(
  { type }: Channel,
  { settings = {} }: Static<typeof ChannelPatch>,
): boolean {
  const given = SETTINGS_OF[type].filter((field) => settings[field] !== undefined);
  return type === 'webhook' && given.length === 1;
}

function checkNames(type: ChannelType, settings: object): void {
  for (const field of Object.keys(settings))
    if (!(SETTINGS_OF[type] as readonly string[]).includes(field))
      throw new Problem(
        'invalid-request',
        `settings.${field}: a channel of type ${type} has ${SETTINGS_OF[type].join(' and ')} only.`,
      );
}

function readSettings(
  type: ChannelType,
  settings: Static<typeof SettingsBody>,
  known: SlackSecrets | WebhookSecrets | undefined,
  { guard, hasMailServer }: DraftPlace,
): Pick<ChannelDraft, 'settings' | 'secrets'> {
  if (type === 'email') {
    if (!hasMailServer)
      throw new Problem(
        'conflict',
        'This collector has no mail server: whoever runs it sets SMTP_URL and SMTP_FROM.',
      );
    return { settings: { to: settings.to ?? [] } satisfies EmailSettings, secrets: undefined };
  }
  if (type === 'slack') {
    const secrets = { webhook_url: settings.webhook_url ?? '' };
    return { settings: originOf('webhook_url', secrets.webhook_url, guard), secrets };
  }
  const secrets = { url: '', signing_secret: '', ...known };
  if (settings.url !== undefined) secrets.url = settings.url;
  if (settings.signing_secret !== undefined) secrets.signing_secret = settings.signing_secret;
  return { settings: originOf('url', secrets.url, guard), secrets };
}

function originOf(field: string, address: string, guard: NetworkGuard): { address_origin: string } {
  try {
    return { address_origin: guard.checkUrl(address).origin };
  } catch (error) {
    if (error instanceof RefusedAddress)
      throw new Problem('invalid-request', `settings.${field}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** A channel as answers have it. */
export function describeChannel(channel: Channel, nowMs: number): Static<typeof ChannelSchema> {
  const { health } = channel;
  const isPaused = health.pausedUntil !== null && health.pausedUntil.getTime() > nowMs;
  const wasSent = health.lastDeliveredAt !== null || health.lastFailedAt !== null;
  const status = isPaused
    ? 'paused'
    : health.consecutiveFailures > 0
      ? 'failing'
      : wasSent
        ? 'ok'
        : 'unknown';
  return {
    channel_id: channel.channelId,
    name: channel.name,
    type: channel.type,
    enabled: channel.enabled,
    settings: channel.settings,
    health: {
      status,
      consecutive_failures: health.consecutiveFailures,
      paused_until: isPaused ? (health.pausedUntil?.toISOString() ?? null) : null,
      last_delivered_at: health.lastDeliveredAt?.toISOString() ?? null,
      last_failed_at: health.lastFailedAt?.toISOString() ?? null,
      last_error: health.lastError,
    },
    created_at: channel.createdAt.toISOString(),
    created_by: channel.createdBy,
    updated_at: channel.updatedAt.toISOString(),
    updated_by: channel.updatedBy,
  };
}
