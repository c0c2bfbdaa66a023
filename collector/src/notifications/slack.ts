import type { AlertChange } from './alert-change.ts';
import { post } from './http-post.ts';
import {
  cut,
  factsOf,
  headingOf,
  homeLink,
  oneLine,
  sentencesOf,
  shownLinks,
  titleOf,
  type Message,
} from './message.ts';
import type { NetworkGuard } from './network-guard.ts';
import type { Outcome } from './outcome.ts';

// Limits of Block Kit (Slack's reference of blocks and composition objects).
const MAX_BLOCKS = 50;
const MAX_HEADER = 150;
const MAX_SECTION_TEXT = 3_000;
const MAX_FIELDS = 10;
const MAX_FIELD_TEXT = 2_000;
const MAX_URL = 3_000;
const MAX_FALLBACK = 3_000;
/** Most blocks of one alert: a section with fields, a description, buttons. */
const BLOCKS_PER_ALERT = 3;
const MAX_ALERTS = Math.floor((MAX_BLOCKS - 2) / BLOCKS_PER_ALERT);

interface Text {
  type: 'mrkdwn' | 'plain_text';
  text: string;
  emoji?: boolean;
}
export interface Block {
  type: 'header' | 'section' | 'actions' | 'context';
  text?: Text;
  fields?: Text[];
  elements?: object[];
}
export interface SlackPayload {
  /** What notifications and screen readers show. */
  text: string;
  blocks: Block[];
}

/** A message in Block Kit, within Slack's limits. Names from outside cannot mention anybody or make links. */
export function slackPayload(message: Message, publicUrl: string | undefined): SlackPayload {
  const title = titleOf(message);
  const shown = message.changes.slice(0, MAX_ALERTS);
  const blocks: Block[] = [
    { type: 'header', text: { type: 'plain_text', text: escaped(title, MAX_HEADER), emoji: false } },
    ...shown.flatMap((change) => blocksOf(change, message.changes.length > 1, publicUrl)),
  ];
  const left = message.changes.length - shown.length;
  if (left > 0) {
    const home = homeLink(publicUrl);
    const where = home === null ? '' : `: <${home}|see all>`;
    blocks.push({
      type: 'context',
      elements: [{ type: 'mrkdwn', text: `${left} more ${left === 1 ? 'alert' : 'alerts'}${where}` }],
    });
  }
  return { text: escaped(title, MAX_FALLBACK), blocks };
}

function blocksOf(change: AlertChange, isOneOfMany: boolean, publicUrl: string | undefined): Block[] {
  const { alert } = change;
  const section: Block = {
    type: 'section',
    fields: factsOf(change)
      .slice(0, MAX_FIELDS)
      .map(([label, text]) => ({
        type: 'mrkdwn',
        text: `*${escaped(oneLine(label), 200)}*\n${escaped(text, MAX_FIELD_TEXT - 300)}`,
      })),
  };
  if (isOneOfMany) {
    section.text = { type: 'mrkdwn', text: `*${escaped(headingOf(change), MAX_SECTION_TEXT - 2)}*` };
  }
  const blocks = [section];
  const text = sentencesOf(alert).join('\n');
  if (text !== '')
    blocks.push({
      type: 'section',
      text: { type: 'plain_text', text: escaped(text, MAX_SECTION_TEXT), emoji: false },
    });
  const buttons = shownLinks(alert, publicUrl)
    .filter(({ url }) => url.length <= MAX_URL)
    .map(({ words, url }) => ({
      type: 'button',
      text: { type: 'plain_text', text: words, emoji: false },
      url,
    }));
  if (buttons.length > 0) blocks.push({ type: 'actions', elements: buttons });
  return blocks;
}

/** Slack's three control characters escaped, so that the escaped text has at most so many characters and no entity is cut. */
export function escaped(text: string, length: number): string {
  const escape = (part: string): string =>
    part.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const whole = escape(text);
  if (whole.length <= length) return whole;
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (escape(cut(text, middle)).length <= length) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? '' : escape(cut(text, low));
}

/** Posts a message to an incoming webhook. */
export function sendSlack(
  webhookUrl: string,
  message: Message,
  { guard, publicUrl, timeoutMs }: { guard: NetworkGuard; publicUrl?: string; timeoutMs?: number },
): Promise<Outcome> {
  return post(webhookUrl, {
    guard,
    headers: {},
    body: JSON.stringify(slackPayload(message, publicUrl)),
    ...(timeoutMs !== undefined && { timeoutMs }),
    // Slack says why in one word, such as invalid_blocks or channel_is_archived.
    readDetail: (text) => (/^[a-z_]{1,60}$/.test(text.trim()) ? text.trim() : undefined),
  });
}
