import { generateHistory } from '../demo/history.ts';
import type { UsageEvent } from '../demo/usage-event.ts';
import type { Workspace } from '../demo/workspace.ts';
import { applyPrice } from '../ingest/apply-price.ts';
import { normalise } from '../ingest/normalise.ts';
import { genaiPriceBook } from '../pricing/genai-book.ts';
import { createPricer, listSource } from '../pricing/price.ts';

/** What back-tests and their benchmark take from an event of the demo: priced as ingest prices it, 0 where it has no price. */
export interface DemoCall {
  timestampMs: number;
  costUsd: number;
  tokens: number;
  promptId: string;
  modelName: string;
  projectId: string;
}

/** A workspace's history of the demo without a database, in the order of time. */
export function* demoCalls(options: {
  workspace: Workspace;
  seed: number | string;
  nowMs: number;
  days: number;
  eventsPerDay: number;
}): Generator<DemoCall, void, undefined> {
  const pricer = createPricer(listSource(genaiPriceBook()));
  for (const event of generateHistory(options)) {
    const row = normalise(posted(event), {
      tenantId: options.workspace.name,
      nowMs: options.nowMs,
      maxFutureMs: 0,
      fallbackIdentity: null,
    });
    if ('reason' in row)
      throw new Error(`The demo made an event that is refused: ${row.field} ${row.reason}`);
    applyPrice(row, pricer);
    yield {
      timestampMs: Math.floor(row.timestampUs / 1000),
      costUsd: (row.costNanoUsd ?? 0) * 1e-9,
      tokens: (event.input_tokens ?? 0) + (event.output_tokens ?? 0),
      promptId: event.prompt_id,
      modelName: event.model_name,
      projectId: event.project_id,
    };
  }
}

function posted(event: UsageEvent): Parameters<typeof normalise>[0] {
  return event;
}
