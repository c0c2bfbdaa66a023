export { PromptOpsClient } from './client.ts';
export type { BudgetGuard, BudgetOptions, BudgetStats } from './budget.ts';
export { BudgetExceeded, type BudgetState, type BudgetVerdict } from './budget-answer.ts';
export type { ClientOptions, FetchLike } from './options.ts';
export type { UsageEvent } from './event.ts';
export type { DeliveryError, Drop, DropReason, RejectedEvent } from './notices.ts';
export type { Stats } from './queue.ts';
export type { FlushResult } from './sender.ts';
export type { Call } from './track.ts';
export {
  type UsageFields,
  usageFrom,
  usageFromAnthropic,
  usageFromGemini,
  usageFromOpenAI,
} from './usage/index.ts';
