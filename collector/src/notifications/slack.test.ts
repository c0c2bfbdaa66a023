import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NetworkGuard } from './network-guard.ts';
import { escaped, sendSlack, slackPayload, type Block } from './slack.ts';
import { startReceiver, testChange, testMessageOf, type Receiver } from './testing.ts';

const PUBLIC_URL = 'https://llm.example.com';

test('a message has a title with severity and state, the facts, and buttons to the pages', () => {
  const { text, blocks } = slackPayload(testMessageOf([testChange()]), PUBLIC_URL);
  expect(text).toBe('High, firing: Error rate (project_id checkout)');
  expect(blocks).toEqual([
    { type: 'header', text: { type: 'plain_text', text, emoji: false } },
    {
      type: 'section',
      fields: [
        { type: 'mrkdwn', text: '*error_rate*\n7.12346 (alerts when &gt; 5)' },
        { type: 'mrkdwn', text: '*Window*\n15 minutes' },
        { type: 'mrkdwn', text: '*Since*\n2026-03-10 12:00:00 UTC' },
        { type: 'mrkdwn', text: '*project_id*\ncheckout' },
        { type: 'mrkdwn', text: '*Type*\nerror rate' },
      ],
    },
    {
      type: 'section',
      text: {
        type: 'plain_text',
        text: 'Error rate: error_rate of project_id checkout is 7.1 % in 15 minutes, &gt; 5 %.\nMore than 5 % of the requests failed.',
        emoji: false,
      },
    },
    {
      type: 'actions',
      elements: [
        {
          type: 'button',
          text: { type: 'plain_text', text: 'Open the alert', emoji: false },
          url: `${PUBLIC_URL}/analytics/alerts?alert=7`,
        },
        {
          type: 'button',
          text: { type: 'plain_text', text: 'See the usage', emoji: false },
          url: `${PUBLIC_URL}/analytics/errors?project_id=checkout`,
        },
      ],
    },
  ]);
});

test('an end tells when it ended; an acknowledgement tells who', () => {
  const acknowledged = {
    by: 'ada',
    at: '2026-03-10T12:10:00Z',
    note: 'provider is down',
    until: '2026-03-10T14:00:00Z',
  };
  const change = testChange(
    { status: 'resolved', resolved_at: '2026-03-10T13:00:00Z', acknowledged },
    { kind: 'resolved' },
  );
  const { text, blocks } = slackPayload(testMessageOf([change]), undefined);
  expect(text).toBe('High, resolved: Error rate (project_id checkout)');
  expect(JSON.stringify(blocks)).toContain('*Resolved*\\n2026-03-10 13:00:00 UTC');
  expect(JSON.stringify(blocks)).toContain('by ada until 2026-03-10 14:00:00 UTC: provider is down');
});

test('without a public address there are no links, and a path that leads elsewhere is none', () => {
  const blocksOf = (path: string, url: string | undefined) =>
    JSON.stringify(slackPayload(testMessageOf([testChange({ alert_id: 0, page_path: path })]), url).blocks);
  expect(blocksOf('/x', undefined)).not.toContain('button');
  for (const path of ['//evil.example/x', 'https://evil.example', '/\\evil.example', 'javascript:alert(1)'])
    expect(blocksOf(path, PUBLIC_URL)).not.toContain('button');
});

test('names from outside mention nobody and make no links', () => {
  const name = '<!channel> <https://evil.example|click> & <@U1>';
  const text = JSON.stringify(
    slackPayload(
      testMessageOf([
        testChange({ rule_name: name, description: name, group: { dimension: 'user_id', member: name } }),
      ]),
      undefined,
    ),
  );
  expect(text).not.toMatch(/<[!@h]/);
  expect(text).toContain('&lt;!channel&gt;');
});

describe('whatever the names are, Slack’s limits hold', () => {
  const long = fc.string({
    minLength: 0,
    maxLength: 9_000,
    unit: fc.constantFrom('<', '&', '>', 'a', '😀', '\n'),
  });
  const withinLimits = (blocks: Block[]): void => {
    expect(blocks.length).toBeLessThanOrEqual(50);
    for (const { type, text, fields = [], elements = [] } of blocks) {
      if (text) expect(text.text.length).toBeLessThanOrEqual(type === 'header' ? 150 : 3_000);
      expect(fields.length).toBeLessThanOrEqual(10);
      for (const field of fields) expect(field.text.length).toBeLessThanOrEqual(2_000);
      expect(elements.length).toBeLessThanOrEqual(25);
    }
  };
  test('of lengths', () => {
    fc.assert(
      fc.property(long, long, long, (rule_name, description, member) => {
        const change = testChange({
          rule_name,
          description,
          metric: member,
          group: { dimension: 'user_id', member },
        });
        withinLimits(
          slackPayload(testMessageOf([change, testChange({ rule_name, alert_id: 8 })]), PUBLIC_URL).blocks,
        );
      }),
      { numRuns: 50 },
    );
  });
  test.each([1, 2, 16, 17, 100])('of blocks, for %d alerts', (count) => {
    const changes = Array.from({ length: count }, (_, index) =>
      testChange({ alert_id: index + 1 }, { outboxId: index + 1 }),
    );
    const { blocks } = slackPayload(testMessageOf(changes), PUBLIC_URL);
    withinLimits(blocks);
    if (count > 16) expect(JSON.stringify(blocks.at(-1))).toContain(`${count - 16} more alert`);
  });
  test('and no escape is cut in two', () => {
    fc.assert(
      fc.property(long, fc.integer({ min: 1, max: 300 }), (text, length) => {
        const result = escaped(text, length);
        expect(result.length).toBeLessThanOrEqual(length);
        expect(result.replace(/&(?:amp|lt|gt);/g, '')).not.toMatch(/[&<>]/);
        expect(result.isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('posted to an incoming webhook', () => {
  let slack: Receiver;
  beforeAll(async () => {
    slack = await startReceiver();
  });
  afterAll(() => slack.close());
  const guard = new NetworkGuard({ allowed: ['127.0.0.1'] });
  const send = () =>
    sendSlack(`${slack.url}/services/T0/B0/secret`, testMessageOf([testChange()]), {
      guard,
      publicUrl: PUBLIC_URL,
    });

  test('it is JSON with text and blocks', async () => {
    expect(await send()).toEqual({ kind: 'delivered', responseStatus: 200 });
    const [request] = slack.received;
    expect(request).toMatchObject({ method: 'POST', path: '/services/T0/B0/secret' });
    expect(request?.headers['content-type']).toMatch(/^application\/json/);
    expect(Object.keys(JSON.parse(request?.body ?? '') as object)).toEqual(['text', 'blocks']);
  });

  test('what Slack says is in the log, but nothing that is not one of its words', async () => {
    slack.answer = (response) => response.writeHead(404).end('no_service');
    expect(await send()).toEqual({
      kind: 'dead',
      responseStatus: 404,
      error: 'The receiver answered 404 (no_service): it will not take this message.',
    });
    slack.answer = (response) => response.writeHead(400).end('<html>secret internal page</html>');
    expect(await send()).toEqual({
      kind: 'dead',
      responseStatus: 400,
      error: 'The receiver answered 400: it will not take this message.',
    });
  });
});
