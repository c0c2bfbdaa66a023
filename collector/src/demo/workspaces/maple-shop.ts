import { UNPRICED_MODEL } from '../models.ts';
import { NIGHTLY_JOBS, SHOP_EVENINGS } from '../rhythm.ts';
import { callSettings, first, later, type Workspace } from '../workspace.ts';

/** An online shop in Germany: evening shoppers, a support bot, and a catalogue that is rewritten at night. */
export const mapleShop: Workspace = {
  name: 'maple-shop',
  title: 'Maple & Moss, an online shop (Berlin evenings)',
  timeZone: 'Europe/Berlin',
  trafficShare: 0.48,
  growth: 0.35,
  users: 2_400,
  projects: {
    checkout: { metadata: { team: 'payments', region: 'eu-central' } },
    search: { metadata: { team: 'search', region: 'eu-central' } },
    'support-bot': { metadata: { team: 'customer-care', region: 'eu-central' } },
    catalogue: { metadata: { team: 'merchandising', region: 'eu-central' } },
  },
  prompts: [
    {
      id: 'summarise-order',
      project: 'checkout',
      share: 9,
      rhythm: SHOP_EVENINGS,
      settings: callSettings(
        [{ model: 'gpt-4o', share: 1 }],
        { prefix: 1_180, input: 420, output: 190, max: 800 },
        { stream: true, promptCache: { warmShare: 0.55, ttl: '5m' } },
      ),
      versions: [
        first('6'),
        later(
          '7',
          45,
          { models: [{ model: 'gpt-5-mini', share: 1 }], tokensRequested: 2_000 },
          {
            weekday: 1,
            rolloutHours: 72,
            story: 'project checkout moves from gpt-4o to gpt-5-mini over three days',
          },
        ),
      ],
    },
    {
      id: 'address-check',
      project: 'checkout',
      share: 7,
      rhythm: SHOP_EVENINGS,
      settings: callSettings(
        [{ model: 'gpt-4o', share: 1 }],
        { prefix: 460, input: 130, output: 55, max: 200 },
        { responseCacheShare: 0.06 },
      ),
      versions: [
        first('3'),
        later(
          '4',
          45,
          { models: [{ model: 'gpt-5-mini', share: 1 }], tokensRequested: 800 },
          { weekday: 1, rolloutHours: 72 },
        ),
      ],
    },
    {
      id: 'fraud-signals',
      project: 'checkout',
      share: 4,
      rhythm: SHOP_EVENINGS,
      settings: callSettings([{ model: 'o3-mini', share: 1 }], {
        prefix: 1_500,
        input: 900,
        output: 140,
        max: 4_000,
      }),
      versions: [first('1'), later('2', 58, { promptCache: { warmShare: 0.6, ttl: '5m' } }, { weekday: 3 })],
    },
    {
      id: 'rewrite-query',
      project: 'search',
      share: 16,
      rhythm: SHOP_EVENINGS,
      settings: callSettings(
        [{ model: 'gpt-4o-mini', share: 1 }],
        { prefix: 380, input: 45, output: 28, max: 100 },
        { responseCacheShare: 0.22 },
      ),
      versions: [
        first('11'),
        later('12', 70, { prefixTokens: 410 }),
        later('13', 24, { responseCacheShare: 0.3 }),
      ],
    },
    {
      id: 'embed-query',
      project: 'search',
      share: 22,
      rhythm: SHOP_EVENINGS,
      settings: callSettings(
        [{ model: 'text-embedding-3-small', share: 1 }],
        { prefix: 0, input: 14, output: 0, max: null },
        { responseCacheShare: 0.12 },
      ),
      versions: [first('1')],
    },
    {
      id: 'rerank-results',
      project: 'search',
      share: 8,
      rhythm: SHOP_EVENINGS,
      settings: callSettings([{ model: 'gemini-2.5-flash', share: 1 }], {
        prefix: 520,
        input: 1_900,
        output: 60,
        max: 1_000,
      }),
      versions: [first('2'), later('3', 36, { inputTokens: { median: 1_400, sigma: 0.4 } }, { weekday: 4 })],
    },
    {
      id: 'support-reply',
      project: 'support-bot',
      share: 14,
      rhythm: SHOP_EVENINGS,
      settings: callSettings(
        [
          { model: 'claude-haiku-4-5', share: 0.85 },
          { model: 'claude-sonnet-4-5', share: 0.15 },
        ],
        { prefix: 3_200, input: 850, output: 210, max: 1_500 },
        { stream: true },
      ),
      versions: [
        first('9'),
        later(
          '10',
          62,
          { promptCache: { warmShare: 0.82, ttl: '5m' } },
          { rolloutHours: 48, story: 'support-reply version 10 turns prompt caching on' },
        ),
        later('11', 33, { prefixTokens: 3_600 }, { weekday: 4 }),
        later(
          '12',
          10,
          { outputTokens: { median: 420, sigma: 0.5 } },
          {
            weekday: 4,
            rolloutHours: 2,
            story: 'support-reply version 12 doubles its output tokens (a regression)',
          },
        ),
      ],
    },
    {
      id: 'classify-ticket',
      project: 'support-bot',
      share: 8,
      rhythm: SHOP_EVENINGS,
      settings: callSettings([{ model: 'gpt-4o-mini', share: 1 }], {
        prefix: 640,
        input: 260,
        output: 18,
        max: 50,
      }),
      versions: [first('5'), later('6', 50, { prefixTokens: 720 })],
    },
    {
      id: 'suggest-return-label',
      project: 'support-bot',
      share: 3,
      rhythm: SHOP_EVENINGS,
      settings: callSettings([{ model: 'claude-haiku-4-5', share: 1 }], {
        prefix: 900,
        input: 340,
        output: 90,
        max: 400,
      }),
      versions: [
        first('1'),
        later(
          '2',
          12,
          { models: [{ model: UNPRICED_MODEL, share: 1 }] },
          {
            rolloutHours: 24,
            story: `suggest-return-label tries ${UNPRICED_MODEL}, served in the house: no price book has it`,
          },
        ),
      ],
    },
    {
      id: 'enrich-product',
      project: 'catalogue',
      share: 6,
      rhythm: NIGHTLY_JOBS,
      unattended: true,
      settings: callSettings(
        [{ model: 'gpt-5-mini', share: 1 }],
        { prefix: 1_350, input: 700, output: 380, max: 3_000 },
        { promptCache: { warmShare: 0.9, ttl: '5m' } },
      ),
      versions: [
        first('2'),
        // The price change that a tenant makes itself: the same calls at the provider's cheaper, slower tier. It shows in the
        // cost once the price book knows tiers or the tenant sets a price of its own; the tier is on the events already.
        later(
          '3',
          38,
          { serviceTier: 'flex' },
          {
            weekday: 3,
            rolloutHours: 0,
            story: 'enrich-product moves from the default service tier to flex',
          },
        ),
      ],
    },
    {
      id: 'embed-product',
      project: 'catalogue',
      share: 3,
      rhythm: NIGHTLY_JOBS,
      unattended: true,
      settings: callSettings([{ model: 'text-embedding-3-small', share: 1 }], {
        prefix: 0,
        input: 420,
        output: 0,
        max: null,
      }),
      versions: [first('1')],
    },
  ],
};
