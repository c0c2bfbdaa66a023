import { createTransport } from 'nodemailer';
import type { AlertChange } from './alert-change.ts';
import type { Mailbox } from './email-address.ts';
import {
  cut,
  factsOf,
  headingOf,
  homeLink,
  sentencesOf,
  shownLinks,
  titleOf,
  type Message,
} from './message.ts';
import type { MailServer } from './mail-server.ts';
import { networkError, type Outcome } from './outcome.ts';

/** Silence of the server at any step. */
const SILENCE_MS = 10_000;
/** The whole conversation; shorter than a claim's lease. */
const EMAIL_TIMEOUT_MS = 30_000;
const MAX_SUBJECT = 200;

export interface Email {
  subject: string;
  text: string;
  html: string;
  messageId: string;
  /** Of the first mail about the same alerts, so that mail programs show them as one conversation. */
  references: string | undefined;
}

/** A message as a mail, without its addresses. */
export function emailOf(message: Message, from: Mailbox, publicUrl: string | undefined): Email {
  const title = titleOf(message);
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1);
  const home = homeLink(publicUrl);
  const footer = `Sent by PromptOps Analytics to the channel "${message.channel.name}" of ${message.tenantId}.`;
  return {
    subject: cut(`[PromptOps] ${title}`, MAX_SUBJECT),
    messageId: `<${message.idempotencyKey}@${domain}>`,
    references: message.followsKey === null ? undefined : `<${message.followsKey}@${domain}>`,
    text: [
      title,
      ...message.changes.map((change) => textOf(change, publicUrl)),
      [footer, home].filter(Boolean).join('\n'),
    ].join('\n\n'),
    html: [
      '<!doctype html><html><head><meta charset="utf-8"></head><body style="font-family:sans-serif;color:#222">',
      `<h2 style="font-size:18px">${html(title)}</h2>`,
      ...message.changes.map((change) => htmlOf(change, publicUrl)),
      `<p style="color:#777;font-size:12px">${html(footer)}${home === null ? '' : ` ${anchor('Open it', home)}`}</p>`,
      '</body></html>',
    ].join('\n'),
  };
}

function textOf(change: AlertChange, publicUrl: string | undefined): string {
  return [
    headingOf(change),
    ...sentencesOf(change.alert),
    ...factsOf(change).map(([label, text]) => `${label}: ${text}`),
    ...shownLinks(change.alert, publicUrl).map(({ words, url }) => `${words}: ${url}`),
  ].join('\n');
}

function htmlOf(change: AlertChange, publicUrl: string | undefined): string {
  const anchors = shownLinks(change.alert, publicUrl).map(({ words, url }) => anchor(words, url));
  return [
    `<h3 style="font-size:15px;margin-bottom:4px">${html(headingOf(change))}</h3>`,
    ...sentencesOf(change.alert).map((text) => `<p style="white-space:pre-line">${html(text)}</p>`),
    '<table style="border-collapse:collapse">',
    ...factsOf(change).map(
      ([label, text]) =>
        `<tr><th style="text-align:left;padding:2px 12px 2px 0;color:#555">${html(label)}</th><td>${html(text)}</td></tr>`,
    ),
    '</table>',
    ...(anchors.length === 0 ? [] : [`<p>${anchors.join(' · ')}</p>`]),
  ].join('\n');
}

function anchor(text: string, url: string): string {
  return `<a href="${html(url)}">${html(text)}</a>`;
}

function html(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** Sends one mail to all addresses of a channel. */
export async function sendEmail(
  to: readonly string[],
  message: Message,
  {
    server,
    publicUrl,
    timeoutMs = EMAIL_TIMEOUT_MS,
  }: { server: MailServer | undefined; publicUrl?: string; timeoutMs?: number },
): Promise<Outcome> {
  if (server === undefined) {
    const error = 'The collector has no mail server: whoever runs it sets SMTP_URL and SMTP_FROM.';
    return { kind: 'retry', error, responseStatus: null };
  }
  const { subject, text, html: body, messageId, references } = emailOf(message, server.from, publicUrl);
  const silence = Math.min(SILENCE_MS, timeoutMs);
  const transport = createTransport({
    url: server.url,
    connectionTimeout: silence,
    greetingTimeout: silence,
    socketTimeout: silence,
    dnsTimeout: silence,
  });
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), timeoutMs);
  });
  try {
    const sent = transport.sendMail({
      from: server.from,
      // As objects: an address is never parsed out of a text.
      to: to.map((address) => ({ name: '', address })),
      subject,
      text,
      html: body,
      messageId,
      ...(references !== undefined && { references, inReplyTo: references }),
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    const info = await Promise.race([sent, deadline]);
    if (info === 'late') {
      sent.catch(() => undefined); // its outcome is decided
      const error = `The mail server did not take the message within ${timeoutMs / 1000} s.`;
      return { kind: 'retry', error, responseStatus: null };
    }
    const refused = info.rejected.length;
    return {
      kind: 'delivered',
      responseStatus: replyCode(info.response),
      ...(refused > 0 && { note: `The mail server refused ${refused} of ${to.length} addresses.` }),
    };
  } catch (error) {
    return outcomeOfSmtp(error);
  } finally {
    clearTimeout(timer);
    transport.close();
  }
}

function replyCode(response: string | undefined): number | null {
  const code = /^\d{3}/.exec(response ?? '')?.[0];
  return code === undefined ? null : Number(code);
}

/** A refusal for good is 5xx about the addresses or the message; that the server does not let the collector in is for the operator to mend. */
function outcomeOfSmtp(error: unknown): Outcome {
  const { code, responseCode } = error as { code?: string; responseCode?: number };
  if (responseCode === undefined)
    return {
      kind: 'retry',
      error: networkError(error).replace('The receiver', 'The mail server'),
      responseStatus: null,
    };
  if (code === 'EAUTH' || code === 'ETLS' || responseCode === 530 || responseCode === 535) {
    const text = `The mail server does not let the collector in (${responseCode}); whoever runs it looks at SMTP_URL.`;
    return { kind: 'retry', error: text, responseStatus: responseCode };
  }
  if (responseCode >= 500) {
    const what = code === 'EENVELOPE' ? 'an address' : 'the message';
    const text = `The mail server refused ${what} for good (${responseCode}).`;
    return { kind: 'dead', error: text, responseStatus: responseCode };
  }
  return {
    kind: 'retry',
    error: `The mail server cannot take the message now (${responseCode}).`,
    responseStatus: responseCode,
  };
}
