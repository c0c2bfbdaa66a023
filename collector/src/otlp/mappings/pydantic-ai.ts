import type { Mapping } from './mapping.ts';

/**
 * pydantic-ai and Logfire. Chat spans have the usage, inclusive; what it details repeats parts of it. The agent's span around them
 * sums them up, under the same names in InstrumentationSettings version 2 and below. Logfire also sends a span when it
 * begins (pending), which is sent again when it ends.
 */
export const pydanticAi: Mapping = {
  emitter: 'pydantic-ai',
  checkedAgainst: 'pydantic-ai-slim 2.68.0 (InstrumentationSettings versions 5 and 2)',
  scope: /^(?:pydantic-ai|pydantic_ai|logfire)/,
  rank: 68,
  role: ({ attributes, name }) => {
    if (attributes.text('logfire.span_type') === 'pending_span') return 'ignore';
    const operation = attributes.text('gen_ai.operation.name');
    if (operation === 'invoke_agent' || name === 'agent run') return 'context';
    return undefined;
  },
};
