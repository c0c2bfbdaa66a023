import { Type, type Static } from 'typebox';
import type { Queryable } from '../database/pool.ts';

const REASON_WORDS = {
  no_channel: 'There is no notification channel.',
  channels_disabled: 'The channels that they would go to are switched off.',
  no_route: 'No notification route takes them.',
  below_default_severity:
    'Without notification routes alerts of severity low are not told; a route can send them.',
} as const;
type Reason = keyof typeof REASON_WORDS;

export const SilenceSchema = Type.Object(
  {
    changes_last_24_hours: Type.Integer({
      description: 'Beginnings, reminders and ends of alerts that nobody was told',
    }),
    reasons: Type.Array(
      Type.Object({
        reason: Type.Enum(Object.keys(REASON_WORDS) as [Reason, ...Reason[]]),
        text: Type.String(),
        changes: Type.Integer(),
        last_at: Type.String(),
      }),
    ),
  },
  { description: 'What went to nobody in the last 24 hours, and why' },
);

/** What of a tenant's alerts went to nobody in the last 24 hours. */
export async function readSilence(
  client: Queryable,
  tenantId: string,
): Promise<Static<typeof SilenceSchema>> {
  const { rows } = await client.query<{ reason: Reason; changes: number; last_at: Date }>(
    `SELECT reason, count(*)::int AS changes, max(noted_at) AS last_at FROM notification_unrouted
     WHERE tenant_id = $1 AND noted_at > now() - interval '24 hours' GROUP BY reason ORDER BY changes DESC, reason`,
    [tenantId],
  );
  return {
    changes_last_24_hours: rows.reduce((sum, { changes }) => sum + changes, 0),
    reasons: rows.map(({ reason, changes, last_at }) => ({
      reason,
      text: REASON_WORDS[reason],
      changes,
      last_at: last_at.toISOString(),
    })),
  };
}
