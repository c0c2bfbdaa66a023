import type { Facts } from '../facts.ts';
import { anthropicSdk } from './anthropic-sdk.ts';
import { claudeCode, codex, geminiCli } from './coding-agents.ts';
import { langfuse } from './langfuse.ts';
import { litellm } from './litellm.ts';
import type { Mapping } from './mapping.ts';
import { openInference } from './openinference.ts';
import { openllmetry } from './openllmetry.ts';
import { openlit } from './openlit.ts';
import { openTelemetry } from './opentelemetry.ts';
import { pydanticAi } from './pydantic-ai.ts';
import { agentO11y, postHog, sentry } from './vendors.ts';
import { vercelAi } from './vercel-ai.ts';
import { vercelAi7 } from './vercel-ai-7.ts';

/** Every mapping, in the order in which scopes are compared. */
export const MAPPINGS: readonly Mapping[] = [
  claudeCode, codex, geminiCli, anthropicSdk, openTelemetry, openInference, openlit, litellm, pydanticAi, vercelAi, vercelAi7, langfuse, openllmetry, agentO11y, sentry, postHog,
]; // prettier-ignore

/** For whoever follows the conventions, more or less, and is none of the known. */
export const generic: Mapping = {
  emitter: 'generic',
  checkedAgainst: 'semantic-conventions-genai@002c8a6',
  rank: 40,
};

const BY_SCOPE = new Map<string, Mapping | null>();
const MAX_SCOPES = 1_000;

/** The mapping of an emitter: by scope, by event name, or by an attribute that only it sends. */
export function mappingOf({ origin, name, attributes }: Facts): Mapping {
  let byScope = BY_SCOPE.get(origin.scopeName);
  if (byScope === undefined) {
    byScope = MAPPINGS.find((mapping) => mapping.scope?.test(origin.scopeName)) ?? null;
    if (BY_SCOPE.size >= MAX_SCOPES) BY_SCOPE.clear();
    BY_SCOPE.set(origin.scopeName, byScope);
  }
  if (byScope) return byScope;
  return (
    MAPPINGS.find((mapping) => mapping.named?.test(name)) ??
    MAPPINGS.find((mapping) => mapping.attributes?.some((attribute) => attributes.has(attribute))) ??
    generic
  );
}
