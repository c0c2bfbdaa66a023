import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, type AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { emailOf, sendEmail } from './email.ts';
import { EMAIL_PATTERN, readMailbox } from './email-address.ts';
import type { MailServer } from './mail-server.ts';
import { testChange, testMessageOf } from './testing.ts';

interface Mail {
  from: string;
  to: string[];
  raw: string;
}

let smtp: SMTPServer;
let mails: Mail[];
let server: MailServer;
/** What RCPT and DATA are answered. */
let refuse: { rcpt?: (address: string) => Error | undefined; data?: () => Error | undefined };

beforeEach(async () => {
  mails = [];
  refuse = {};
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    logger: false,
    onAuth: ({ username, password }, _session, callback) => {
      if (username === 'user' && password === 'right') callback(null, { user: username });
      else callback(new Error('Invalid username or password'));
    },
    onRcptTo: ({ address }, _session, callback) => callback(refuse.rcpt?.(address) ?? null),
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const error = refuse.data?.();
        if (error) {
          callback(error);
          return;
        }
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString('utf8'),
        });
        callback();
      });
    },
  });
  await new Promise<void>((listening) => void smtp.listen(0, '127.0.0.1', listening));
  server = mailServer();
});
afterEach(() => new Promise<void>((closed) => smtp.close(closed)));

function mailServer(user = ''): MailServer {
  const { port } = smtp.server.address() as AddressInfo;
  return {
    url: `smtp://${user}127.0.0.1:${port}`,
    from: { name: 'PromptOps', address: 'alerts@example.com' },
  };
}
const refusal = (responseCode: number): Error => Object.assign(new Error('refused'), { responseCode });
const send = (message = testMessageOf([testChange()]), to = ['ada@example.com'], timeoutMs?: number) =>
  sendEmail(to, message, {
    server,
    publicUrl: 'https://llm.example.com',
    ...(timeoutMs !== undefined && { timeoutMs }),
  });

/** The header fields, unfolded, and the decoded parts. */
function parsed({ raw }: Mail): { headers: Map<string, string>; parts: string[] } {
  const [head = '', ...rest] = raw.split('\r\n\r\n');
  const headers = new Map(
    head
      .replace(/\r\n[ \t]+/g, ' ')
      .split('\r\n')
      .map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
  );
  const decode = (text: string): string =>
    Buffer.from(
      text
        .replace(/=\r\n/g, '')
        .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
      'latin1',
    ).toString('utf8');
  return { headers, parts: rest.map(decode) };
}

test('a mail has a text and an HTML part with the same facts, and links', async () => {
  expect(await send(undefined, ['ada@example.com', 'grace@example.com'])).toEqual({
    kind: 'delivered',
    responseStatus: 250,
  });
  const [mail] = mails;
  expect(mail).toMatchObject({ from: 'alerts@example.com', to: ['ada@example.com', 'grace@example.com'] });
  const { headers, parts } = parsed(mail as Mail);
  expect(headers.get('from')).toBe('PromptOps <alerts@example.com>');
  expect(headers.get('subject')).toBe('[PromptOps] High, firing: Error rate (project_id checkout)');
  expect(headers.get('content-type')).toMatch(/^multipart\/alternative/);
  expect(headers.get('auto-submitted')).toBe('auto-generated');
  const whole = parts.join('\n');
  expect(whole).toMatch(/Content-Type: text\/plain/);
  expect(whole).toMatch(/Content-Type: text\/html/);
  expect(whole).toContain('error_rate: 7.12346 (alerts when > 5)');
  expect(whole).toContain('<td>7.12346 (alerts when &gt; 5)</td>');
  expect(whole).toContain('Open the alert: https://llm.example.com/analytics/alerts?alert=7');
  expect(whole).toContain('href="https://llm.example.com/analytics/errors?project_id=checkout"');
});

test('what follows is one conversation with the first mail, and a repetition has the same Message-ID', async () => {
  await send(testMessageOf([testChange()], { idempotencyKey: 'pon_first' }));
  await send(testMessageOf([testChange()], { idempotencyKey: 'pon_first' }));
  await send(
    testMessageOf([testChange({}, { kind: 'resolved' })], {
      idempotencyKey: 'pon_second',
      followsKey: 'pon_first',
    }),
  );
  const [first, repeated, second] = mails.map((mail) => parsed(mail).headers);
  expect([first?.get('message-id'), repeated?.get('message-id')]).toEqual([
    '<pon_first@example.com>',
    '<pon_first@example.com>',
  ]);
  expect([first?.get('references'), first?.get('in-reply-to')]).toEqual([undefined, undefined]);
  expect(second?.get('message-id')).toBe('<pon_second@example.com>');
  expect([second?.get('references'), second?.get('in-reply-to')]).toEqual([
    '<pon_first@example.com>',
    '<pon_first@example.com>',
  ]);
});

test.each([
  'x\r\nBcc: eve@evil.example',
  'x\nSubject: other',
  'x\r\n\r\nbody',
  'x\u2028Bcc: eve@evil.example\u0000',
  'ü\r\nBcc: eve@evil.example',
])('a name cannot bring header fields: %j', async (rule_name) => {
  expect(
    await send(
      testMessageOf([testChange({ rule_name, group: { dimension: 'user_id', member: rule_name } })]),
    ),
  ).toMatchObject({ kind: 'delivered' });
  const [mail] = mails;
  const { headers } = parsed(mail as Mail);
  expect(mail?.to).toEqual(['ada@example.com']);
  expect([headers.has('bcc'), [...headers.keys()].filter((name) => name === 'subject').length]).toEqual([
    false,
    1,
  ]);
  expect(mail?.raw.split('\r\n\r\n')[0]).not.toMatch(/^(?:Bcc|Subject: other)/im);
});

test('names from outside are text in HTML', async () => {
  await send(
    testMessageOf([
      testChange({ rule_name: '<script>alert(1)</script>', description: '<img src=x onerror="x">' }),
    ]),
  );
  const html =
    parsed(mails[0] as Mail)
      .parts.join('\n')
      .split('text/html')[1] ?? '';
  expect(html).not.toMatch(/<script|<img/);
  expect(html).toContain('&lt;script&gt;');
});

test('a subject is no longer than people read', () => {
  const { subject } = emailOf(
    testMessageOf([testChange({ rule_name: 'x'.repeat(5_000) })]),
    server.from,
    undefined,
  );
  expect([subject.length, subject.slice(-2)]).toEqual([200, 'x…']);
});

describe('a mail server that refuses', () => {
  test.each([
    ['an address for good', { rcpt: () => refusal(550) }, { kind: 'dead', responseStatus: 550 }],
    ['an address for now', { rcpt: () => refusal(450) }, { kind: 'retry', responseStatus: 450 }],
    ['the message for good', { data: () => refusal(554) }, { kind: 'dead', responseStatus: 554 }],
    ['the message for now', { data: () => refusal(451) }, { kind: 'retry', responseStatus: 451 }],
  ])('%s', async (_what, answers, outcome) => {
    refuse = answers;
    expect(await send()).toMatchObject(outcome);
    expect(mails).toEqual([]);
  });

  test('one of several addresses: the others get the mail, and the log tells', async () => {
    refuse.rcpt = (address) => (address.startsWith('gone@') ? refusal(550) : undefined);
    expect(await send(undefined, ['gone@example.com', 'ada@example.com'])).toEqual({
      kind: 'delivered',
      responseStatus: 250,
      note: 'The mail server refused 1 of 2 addresses.',
    });
    expect(mails[0]?.to).toEqual(['ada@example.com']);
  });

  test('the collector itself: that is for the operator to mend, and the mail waits', async () => {
    server = mailServer('user:wrong@');
    const outcome = await send();
    expect(outcome).toMatchObject({
      kind: 'retry',
      responseStatus: 535,
      error: expect.stringMatching(/does not let the collector in/),
    });
    expect(JSON.stringify(outcome)).not.toContain('wrong');
    server = mailServer('user:right@');
    expect(await send()).toMatchObject({ kind: 'delivered' });
  });
});

test('a mail server that says nothing is given up in time', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
  server = { ...server, url: `smtp://127.0.0.1:${(silent.address() as AddressInfo).port}` };
  expect(await send(undefined, undefined, 150)).toMatchObject({
    kind: 'retry',
    responseStatus: null,
    error: expect.stringMatching(/^The mail server did not/),
  });
  silent.close();
});

test('without a mail server the mail waits, with a reason', async () => {
  expect(
    await sendEmail(['a@example.com'], testMessageOf([testChange()]), { server: undefined }),
  ).toMatchObject({
    kind: 'retry',
    error: expect.stringMatching(/SMTP_URL and SMTP_FROM/),
  });
});

test('addresses are plain ones', () => {
  const isAddress = (text: string): boolean => new RegExp(EMAIL_PATTERN).test(text);
  expect(['ada@example.com', 'a.b+c@sub.example.co', 'root@localhost'].every(isAddress)).toBe(true);
  for (const odd of [
    '',
    'a',
    'a@',
    '@b',
    'a@b\r\nBcc: c@d',
    'a@b,c@d',
    'a b@c',
    '"a b"@c',
    'a..b@c',
    'a@-b',
    'a@b\n',
    `${'x'.repeat(65)}@b`,
  ])
    expect([odd, isAddress(odd)]).toEqual([odd, false]);
  expect(readMailbox('"On call" <a@example.com>')).toEqual({ name: 'On call', address: 'a@example.com' });
  expect(readMailbox('a@example.com')).toEqual({ name: '', address: 'a@example.com' });
  expect([readMailbox('x <a@b> y'), readMailbox('x\r\nBcc: <a@b>'), readMailbox('nobody')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
