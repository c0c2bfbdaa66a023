import { Type, type Static } from 'typebox';
import type { UsageRow } from '../ingest/usage-row.ts';
import { usd } from '../usage/usd.ts';

/** Refused records listed in one answer; all are counted. */
export const LISTED = 100;

export const ImportRejection = Type.Object({
  record: Type.Integer({ description: 'Number of the record in the file, from 1' }),
  line: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Line in which it ends, for CSV and NDJSON',
  }),
  id: Type.Union([Type.String(), Type.Null()], { description: "The source's own id" }),
  field: Type.Union([Type.String(), Type.Null()]),
  reason: Type.String(),
});
export type ImportRejection = Static<typeof ImportRejection>;

export const ImportAnswer = Type.Object({
  format: Type.String(),
  dry_run: Type.Boolean({ description: 'Nothing was stored' }),
  read: Type.Integer({ description: 'Records: accepted + duplicate + rejected + skipped' }),
  accepted: Type.Integer({ description: 'New events; in a dry run those that would be' }),
  duplicate: Type.Integer({ description: 'Known already, counted once' }),
  rejected: Type.Integer(),
  skipped: Type.Integer({ description: 'Records that are no finished model call, such as spans' }),
  period: Type.Union([Type.Object({ first: Type.String(), last: Type.String() }), Type.Null()], {
    description: 'First and last start of a call among those accepted or known',
  }),
  cost: Type.Object(
    {
      claimed_usd: Type.String({ description: 'What the source says they cost' }),
      priced_usd: Type.String({ description: 'What they cost by the price book' }),
      without_claim: Type.Integer({ description: 'Events for which the source tells no cost' }),
      unpriced: Type.Integer({
        description: 'Events whose cost the price book does not know; in no sum of ours',
      }),
    },
    { description: 'Sums over the events accepted or known' },
  ),
  rejections: Type.Array(ImportRejection, { description: `The rejected records, at most ${LISTED}` }),
});
export type ImportAnswer = Static<typeof ImportAnswer>;

/** What an import has come to so far. */
export class Tally {
  readonly #format: string;
  readonly #isDryRun: boolean;
  read = 0;
  accepted = 0;
  duplicate = 0;
  rejected = 0;
  skipped = 0;
  readonly #rejections: ImportRejection[] = [];
  #firstUs = Infinity;
  #lastUs = -Infinity;
  #claimedNanoUsd = 0n;
  #pricedNanoUsd = 0n;
  #withoutClaim = 0;
  #unpriced = 0;

  constructor(format: string, isDryRun: boolean) {
    this.#format = format;
    this.#isDryRun = isDryRun;
  }

  reject(rejection: ImportRejection): void {
    this.rejected += 1;
    if (this.#rejections.length < LISTED) this.#rejections.push(rejection);
  }

  get firstRejection(): ImportRejection | undefined {
    return this.#rejections[0];
  }

  take(row: UsageRow, outcome: 'accepted' | 'duplicate'): void {
    this[outcome] += 1;
    this.#firstUs = Math.min(this.#firstUs, row.timestampUs);
    this.#lastUs = Math.max(this.#lastUs, row.timestampUs);
    if (row.reportedCostNanoUsd === null) this.#withoutClaim += 1;
    else this.#claimedNanoUsd += BigInt(row.reportedCostNanoUsd);
    if (row.costNanoUsd === null) this.#unpriced += 1;
    else this.#pricedNanoUsd += BigInt(row.costNanoUsd);
  }

  answer(): ImportAnswer {
    return {
      format: this.#format,
      dry_run: this.#isDryRun,
      read: this.read,
      accepted: this.accepted,
      duplicate: this.duplicate,
      rejected: this.rejected,
      skipped: this.skipped,
      period:
        this.#lastUs === -Infinity
          ? null
          : {
              first: new Date(this.#firstUs / 1000).toISOString(),
              last: new Date(this.#lastUs / 1000).toISOString(),
            },
      cost: {
        claimed_usd: usd(this.#claimedNanoUsd),
        priced_usd: usd(this.#pricedNanoUsd),
        without_claim: this.#withoutClaim,
        unpriced: this.#unpriced,
      },
      rejections: this.#rejections,
    };
  }
}
