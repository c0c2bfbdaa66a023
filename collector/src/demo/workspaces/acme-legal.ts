import { UNPRICED_MODEL } from '../models.ts';
import { NIGHTLY_JOBS, OFFICE_HOURS } from '../rhythm.ts';
import { callSettings, first, later, type Workspace } from '../workspace.ts';

/** Software for law firms in New York: office hours, long documents, and a model of its own for what must not leave the house. */
export const acmeLegal: Workspace = {
  name: 'acme-legal',
  title: 'Acme Legal, contracts as a service (New York office hours)',
  timeZone: 'America/New_York',
  trafficShare: 0.27,
  growth: 0.5,
  users: 340,
  projects: {
    'contract-review': { metadata: { team: 'review', region: 'us-east' } },
    drafting: { metadata: { team: 'drafting', region: 'us-east' } },
    discovery: { metadata: { team: 'discovery', region: 'us-east' } },
    redaction: { metadata: { team: 'privacy', region: 'on-premises' } },
  },
  prompts: [
    {
      id: 'review-clause',
      project: 'contract-review',
      share: 18,
      rhythm: OFFICE_HOURS,
      settings: callSettings(
        [{ model: 'claude-sonnet-4-5', share: 1 }],
        { prefix: 5_200, input: 1_300, output: 420, max: 2_000 },
        { stream: true, promptCache: { warmShare: 0.35, ttl: '5m' } },
      ),
      versions: [
        first('14'),
        later(
          '15',
          52,
          { promptCache: { warmShare: 0.86, ttl: '1h' } },
          {
            weekday: 3,
            rolloutHours: 24,
            story: 'review-clause version 15 keeps its prompt cache for an hour',
          },
        ),
        later('16', 17, { prefixTokens: 5_600 }),
      ],
    },
    {
      id: 'review-whole-contract',
      project: 'contract-review',
      share: 4,
      rhythm: OFFICE_HOURS,
      settings: callSettings(
        [{ model: 'gemini-2.5-pro', share: 1 }],
        { prefix: 2_400, input: 48_000, output: 1_300, max: 16_000 },
        { inputTokens: { median: 48_000, sigma: 0.8 } },
      ),
      versions: [
        first('3'),
        later('4', 29, { outputTokens: { median: 1_050, sigma: 0.45 } }, { weekday: 4 }),
      ],
    },
    {
      id: 'compare-versions',
      project: 'contract-review',
      share: 6,
      rhythm: OFFICE_HOURS,
      settings: callSettings(
        [
          { model: 'claude-sonnet-4-5', share: 0.7 },
          { model: 'gpt-4o', share: 0.3 },
        ],
        { prefix: 1_600, input: 9_500, output: 620, max: 4_000 },
        { stream: true },
      ),
      versions: [first('5'), later('6', 66, { tokensRequested: 3_000 })],
    },
    {
      id: 'risk-score',
      project: 'contract-review',
      share: 10,
      rhythm: OFFICE_HOURS,
      settings: callSettings([{ model: 'o3-mini', share: 1 }], {
        prefix: 1_900,
        input: 1_200,
        output: 160,
        max: 6_000,
      }),
      versions: [first('2'), later('3', 41, { promptCache: { warmShare: 0.7, ttl: '5m' } })],
    },
    {
      id: 'draft-clause',
      project: 'drafting',
      share: 13,
      rhythm: OFFICE_HOURS,
      settings: callSettings(
        [{ model: 'gpt-4o', share: 1 }],
        { prefix: 2_100, input: 600, output: 520, max: 2_000 },
        { stream: true, promptCache: { warmShare: 0.5, ttl: '5m' } },
      ),
      versions: [
        first('8'),
        later('9', 74, { prefixTokens: 2_350 }),
        later('10', 26, { prefixTokens: 2_500 }),
      ],
    },
    {
      id: 'rewrite-plain-language',
      project: 'drafting',
      share: 8,
      rhythm: OFFICE_HOURS,
      settings: callSettings(
        [{ model: 'mistral-small-latest', share: 1 }],
        { prefix: 700, input: 480, output: 430, max: 1_500 },
        { stream: true, responseCacheShare: 0.03 },
      ),
      versions: [first('2')],
    },
    {
      id: 'cite-precedents',
      project: 'drafting',
      share: 6,
      rhythm: OFFICE_HOURS,
      settings: callSettings(
        [{ model: 'claude-haiku-4-5', share: 1 }],
        { prefix: 2_900, input: 3_400, output: 360, max: 2_000 },
        { promptCache: { warmShare: 0.6, ttl: '5m' } },
      ),
      versions: [first('4'), later('5', 20, { inputTokens: { median: 4_100, sigma: 0.5 } }, { weekday: 3 })],
    },
    {
      id: 'embed-paragraph',
      project: 'discovery',
      share: 16,
      rhythm: NIGHTLY_JOBS,
      unattended: true,
      settings: callSettings([{ model: 'text-embedding-3-small', share: 1 }], {
        prefix: 0,
        input: 640,
        output: 0,
        max: null,
      }),
      versions: [first('1')],
    },
    {
      id: 'tag-document',
      project: 'discovery',
      share: 7,
      rhythm: NIGHTLY_JOBS,
      unattended: true,
      settings: callSettings(
        [{ model: 'gemini-2.5-flash', share: 1 }],
        { prefix: 1_100, input: 5_200, output: 120, max: 2_000 },
        { promptCache: { warmShare: 0.4, ttl: '5m' } },
      ),
      versions: [first('6'), later('7', 47, { serviceTier: 'batch' }, { rolloutHours: 0 })],
    },
    {
      id: 'mask-personal-data',
      project: 'redaction',
      share: 12,
      rhythm: OFFICE_HOURS,
      settings: callSettings([{ model: 'mistral-small-latest', share: 1 }], {
        prefix: 350,
        input: 900,
        output: 640,
        max: 2_048,
      }),
      versions: [
        first('1'),
        later(
          '2',
          68,
          { models: [{ model: UNPRICED_MODEL, share: 1 }], prefixTokens: 420 },
          {
            rolloutHours: 24,
            story: `mask-personal-data moves to ${UNPRICED_MODEL}, served in the house: no price book has it`,
          },
        ),
      ],
    },
  ],
};
