import { DEVELOPER_DAYS, ROUND_THE_CLOCK } from '../rhythm.ts';
import { callSettings, first, later, type Workspace } from '../workspace.ts';

/** A developer-tools startup in Bengaluru, whose days begin at half past an hour of UTC. */
export const forgeDevtools: Workspace = {
  name: 'forge-devtools',
  title: 'Forgeline, tools for developers (Bengaluru, late shifts)',
  timeZone: 'Asia/Kolkata',
  trafficShare: 0.25,
  growth: 0.9,
  users: 720,
  projects: {
    'editor-plugin': { metadata: { team: 'editor', region: 'ap-south' } },
    'code-review': { metadata: { team: 'review-bot', region: 'ap-south' } },
    'docs-assistant': { metadata: { team: 'docs', region: 'ap-south' } },
    agents: { metadata: { team: 'agents', region: 'ap-south' } },
  },
  prompts: [
    {
      id: 'complete-code',
      project: 'editor-plugin',
      share: 30,
      rhythm: DEVELOPER_DAYS,
      settings: callSettings(
        [{ model: 'codestral-latest', share: 1 }],
        { prefix: 60, input: 1_100, output: 42, max: 256 },
        { stream: true },
      ),
      versions: [
        first('21'),
        later('22', 60, { inputTokens: { median: 1_350, sigma: 0.5 } }),
        later('23', 15, { tokensRequested: 192 }),
      ],
    },
    {
      id: 'explain-error',
      project: 'editor-plugin',
      share: 9,
      rhythm: DEVELOPER_DAYS,
      settings: callSettings(
        [{ model: 'gpt-4o-mini', share: 1 }],
        { prefix: 560, input: 720, output: 230, max: 1_000 },
        { stream: true, responseCacheShare: 0.05 },
      ),
      versions: [
        first('4'),
        later('5', 44, { prefixTokens: 1_150, promptCache: { warmShare: 0.6, ttl: '5m' } }, { weekday: 4 }),
      ],
    },
    {
      id: 'commit-message',
      project: 'editor-plugin',
      share: 11,
      rhythm: DEVELOPER_DAYS,
      settings: callSettings([{ model: 'deepseek-v4-flash', share: 1 }], {
        prefix: 320,
        input: 980,
        output: 48,
        max: 200,
      }),
      versions: [first('2')],
    },
    {
      id: 'review-pull-request',
      project: 'code-review',
      share: 12,
      rhythm: ROUND_THE_CLOCK,
      unattended: true,
      settings: callSettings(
        [{ model: 'claude-sonnet-4-5', share: 1 }],
        { prefix: 4_100, input: 6_800, output: 520, max: 4_000 },
        { promptCache: { warmShare: 0.45, ttl: '5m' } },
      ),
      versions: [
        first('7'),
        later('8', 31, { promptCache: { warmShare: 0.74, ttl: '5m' } }),
        later('9', 9, { prefixTokens: 4_400 }, { weekday: 3 }),
      ],
    },
    {
      id: 'summarise-ci-failure',
      project: 'code-review',
      share: 10,
      rhythm: ROUND_THE_CLOCK,
      unattended: true,
      settings: callSettings([{ model: 'gemini-2.5-flash', share: 1 }], {
        prefix: 480,
        input: 3_900,
        output: 170,
        max: 2_000,
      }),
      versions: [first('1'), later('2', 39, { inputTokens: { median: 3_100, sigma: 0.6 } })],
    },
    {
      id: 'answer-docs-question',
      project: 'docs-assistant',
      share: 11,
      rhythm: DEVELOPER_DAYS,
      settings: callSettings(
        [{ model: 'gpt-5-mini', share: 1 }],
        { prefix: 1_280, input: 2_300, output: 240, max: 3_000 },
        { stream: true, promptCache: { warmShare: 0.5, ttl: '5m' }, responseCacheShare: 0.08 },
      ),
      versions: [first('3'), later('4', 22, { prefixTokens: 1_450 })],
    },
    {
      id: 'embed-docs-question',
      project: 'docs-assistant',
      share: 11,
      rhythm: DEVELOPER_DAYS,
      settings: callSettings([{ model: 'text-embedding-3-small', share: 1 }], {
        prefix: 0,
        input: 24,
        output: 0,
        max: null,
      }),
      versions: [first('1')],
    },
    {
      id: 'plan-change',
      project: 'agents',
      share: 3,
      rhythm: DEVELOPER_DAYS,
      // Its price in the price book fell by a fifth on 2026-09-22: the price change that the provider makes.
      settings: callSettings(
        [{ model: '~anthropic/claude-opus-latest', share: 1 }],
        { prefix: 3_800, input: 4_200, output: 760, max: 8_000 },
        { stream: true, promptCache: { warmShare: 0.7, ttl: '5m' } },
      ),
      versions: [first('1'), later('2', 48, { prefixTokens: 4_300 }, { weekday: 3 })],
    },
    {
      id: 'edit-files',
      project: 'agents',
      share: 8,
      rhythm: DEVELOPER_DAYS,
      settings: callSettings(
        [
          { model: 'claude-sonnet-4-5', share: 0.6 },
          { model: 'gemini-2.5-pro', share: 0.4 },
        ],
        { prefix: 3_400, input: 7_600, output: 680, max: 8_000 },
        { stream: true, promptCache: { warmShare: 0.66, ttl: '5m' } },
      ),
      versions: [first('5'), later('6', 34, { outputTokens: { median: 610, sigma: 0.5 } }, { weekday: 4 })],
    },
  ],
};
