import { CollectorError } from '../http/errors.ts';
import { readMailbox, type Mailbox } from './email-address.ts';

/** The operator's own server, so no guard stands before it. */
export interface MailServer {
  /** smtp://user:password@host:587 or smtps://… */
  url: string;
  from: Mailbox;
}

/**
 * The mail server of SMTP_URL and SMTP_FROM; undefined without one.
 * @throws CollectorError with one sentence when only one of the two is there, or SMTP_FROM is no address
 */
export function readMailServer(
  url: string | undefined,
  fromText: string | undefined,
): MailServer | undefined {
  if (url === undefined && fromText === undefined) return undefined;
  if (url === undefined) throw new CollectorError('SMTP_FROM: the mail server is missing; set SMTP_URL too.');
  if (fromText === undefined)
    throw new CollectorError(
      'SMTP_URL: the sender is missing; set SMTP_FROM too, such as alerts@example.com.',
    );
  const from = readMailbox(fromText);
  if (from === undefined)
    throw new CollectorError(
      `SMTP_FROM: ${JSON.stringify(fromText)} must be an address such as alerts@example.com or PromptOps <alerts@example.com>.`,
    );
  return { url, from };
}
