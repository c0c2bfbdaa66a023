import type { Destination } from './channel.ts';
import { sendEmail } from './email.ts';
import type { MailServer } from './mail-server.ts';
import type { Message } from './message.ts';
import type { NetworkGuard } from './network-guard.ts';
import type { Outcome } from './outcome.ts';
import { sendSlack } from './slack.ts';
import { sendWebhook } from './webhook.ts';

export interface SenderOptions {
  guard: NetworkGuard;
  /** Without one mail waits, with a reason in its log. */
  mailServer?: MailServer | undefined;
  /** Base of the links. */
  publicUrl?: string | undefined;
  /** Longest time of one try. */
  timeoutMs?: number;
}

/** Sends messages in the form of their channel; never throws for what a receiver does. */
export class Sender {
  readonly #options: SenderOptions;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  get hasMailServer(): boolean {
    return this.#options.mailServer !== undefined;
  }

  get guard(): NetworkGuard {
    return this.#options.guard;
  }

  send(destination: Destination, message: Message): Promise<Outcome> {
    const { guard, mailServer, publicUrl, timeoutMs } = this.#options;
    const shared = {
      ...(publicUrl !== undefined && { publicUrl }),
      ...(timeoutMs !== undefined && { timeoutMs }),
    };
    switch (destination.type) {
      case 'slack':
        return sendSlack(destination.webhook_url, message, { guard, ...shared });
      case 'webhook':
        return sendWebhook(destination, message, { guard, ...shared });
      case 'email':
        return sendEmail(destination.to, message, { server: mailServer, ...shared });
    }
  }
}
