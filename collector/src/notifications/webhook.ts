import { createHmac } from 'node:crypto';
import { post } from './http-post.ts';
import { linksOf, severityOf, stateOf, type Message } from './message.ts';
import type { NetworkGuard } from './network-guard.ts';
import type { Outcome } from './outcome.ts';

/** Counts up when a field changes its meaning or goes; new fields come without. */
const WEBHOOK_SCHEMA_VERSION = 1;

/** The body of a webhook: the same text at every try of a delivery. docs/notifications.md has its fields. */
export function webhookBody(message: Message, publicUrl: string | undefined): string {
  return JSON.stringify({
    schema_version: WEBHOOK_SCHEMA_VERSION,
    type: message.type,
    idempotency_key: message.idempotencyKey,
    tenant_id: message.tenantId,
    channel: { channel_id: message.channel.channelId, name: message.channel.name },
    created_at: message.createdAt.toISOString(),
    status: stateOf(message),
    severity: severityOf(message),
    alerts: message.changes.map(({ kind, outboxId, alert }) => {
      const { page_path: _page, evidence_path: _evidence, tenant_id: _tenant, ...told } = alert;
      return { event: kind, event_id: outboxId, ...told, links: linksOf(alert, publicUrl) };
    }),
  });
}

/**
 * What X-PromptOps-Signature holds: `v1=` and the HMAC-SHA256 of `<timestamp>.<body>` in hex.
 * @param timestampSeconds Unix time of this try
 */
function signatureOf(secret: string, timestampSeconds: number, body: string): string {
  return `v1=${createHmac('sha256', secret).update(`${timestampSeconds}.${body}`, 'utf8').digest('hex')}`;
}

/** Posts a message, signed, to a tenant's own receiver. */
export function sendWebhook(
  { url, signing_secret: secret }: { url: string; signing_secret: string },
  message: Message,
  {
    guard,
    publicUrl,
    timeoutMs,
    nowMs = Date.now(),
  }: { guard: NetworkGuard; publicUrl?: string; timeoutMs?: number; nowMs?: number },
): Promise<Outcome> {
  const body = webhookBody(message, publicUrl);
  const timestamp = Math.floor(nowMs / 1000);
  return post(url, {
    guard,
    body,
    ...(timeoutMs !== undefined && { timeoutMs }),
    headers: {
      'x-promptops-timestamp': String(timestamp),
      'x-promptops-signature': signatureOf(secret, timestamp, body),
      'idempotency-key': message.idempotencyKey,
    },
  });
}
