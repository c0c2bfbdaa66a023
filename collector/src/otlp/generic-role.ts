import type { Role } from './call-report.ts';
import { CLIENT_SPAN, type Facts } from './facts.ts';
import { CALL_OPERATIONS, OTHER_OPERATIONS, SUM_OPERATIONS } from './mappings/generic.ts';
import type { Names } from './names.ts';

/** Log events of what was said, one a message. */
const MESSAGE_EVENT = /^gen_ai\.(?:(?:system|user|assistant|tool)\.message|choice|content\.|evaluation)/;

const INFERENCE_KINDS = new Set(['LLM', 'EMBEDDING', 'CHAT_MODEL', 'RERANKER', 'COMPLETION']);

/** What a span or record is, where its mapping leaves that to the conventions; undefined where there is nothing to learn from it. */
export function genericRole(facts: Facts, read: Names): Role | undefined {
  const { attributes } = facts;
  const kind = (
    attributes.text('openinference.span.kind') ??
    attributes.text('langsmith.span.kind') ??
    attributes.text('mlflow.spanType')?.replaceAll('"', '')
  )?.toUpperCase();
  if (kind !== undefined) {
    if (INFERENCE_KINDS.has(kind)) return 'call';
    return hasUsage(read) && kind !== 'TOOL' && kind !== 'RETRIEVER' ? 'sum' : 'context';
  }
  const operation = read.text('operation')?.toLowerCase();
  if (facts.signal === 'log') {
    if (
      MESSAGE_EVENT.test(facts.name) ||
      OTHER_OPERATIONS.has(operation ?? '') ||
      SUM_OPERATIONS.has(operation ?? '')
    )
      return undefined;
    return hasUsage(read) || CALL_OPERATIONS.has(operation ?? '') ? 'call' : undefined;
  }
  if (operation !== undefined) {
    if (CALL_OPERATIONS.has(operation)) return 'call';
    if (OTHER_OPERATIONS.has(operation)) return 'context';
    if (SUM_OPERATIONS.has(operation)) return hasUsage(read) ? 'sum' : 'context';
  }
  // No operation, or one that nobody knows: usage of a model is a call unless it turns out to sum up others.

  const hasModel = read.text('responseModel') !== undefined || read.text('requestModel') !== undefined;
  if (hasUsage(read))
    return operation === undefined && hasModel && facts.kind === CLIENT_SPAN ? 'call' : 'sum';
  if (hasModel && (facts.kind === CLIENT_SPAN || read.text('responseId') !== undefined)) return 'call';
  return 'context';
}

function hasUsage(read: Names): boolean {
  return (
    read.number('inputTokens') !== undefined ||
    read.number('outputTokens') !== undefined ||
    read.text('usageObject') !== undefined
  );
}
