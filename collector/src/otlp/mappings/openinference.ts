import { readObject } from '../literal.ts';
import type { Mapping } from './mapping.ts';

/**
 * OpenInference (Arize Phoenix). Prompt tokens include cached ones. What was asked for stands in the invocation parameters, which
 * is all that an error's span has of the model; the answer's id stands in the raw answer only.
 */
export const openInference: Mapping = {
  emitter: 'openinference',
  checkedAgainst: 'openinference-instrumentation-openai 0.1.66',
  scope: /^(?:openinference\.|@arizeai\/openinference)/,
  attributes: ['openinference.span.kind'],
  rank: 60,
  tell: ({ attributes }) => {
    const parameters = readObject(
      attributes.text('llm.invocation_parameters') ?? attributes.text('embedding.invocation_parameters'),
    );
    const model = parameters?.['model'];
    const stream = parameters?.['stream'];
    return {
      requestModel: typeof model === 'string' ? model : undefined,
      // The parameters are all that the caller gave, so a stream is not asked for where they do not say so.
      stream:
        typeof stream === 'boolean'
          ? stream
          : parameters && attributes.has('llm.invocation_parameters')
            ? false
            : undefined,
      responseId: answerId(attributes.text('output.value')),
    };
  },
};

const ID = /"id"\s*:\s*"((?:chatcmpl|resp|msg|cmpl|gen)[-_][\w-]{1,180})"/g;

/** Id of the answer in a provider's raw answer, of which nothing else is read. Where several could be it, none is taken. */
function answerId(answer: string | undefined): string | undefined {
  if (answer === undefined || !answer.startsWith('{')) return undefined;
  const ids = new Set([...answer.matchAll(ID)].map((match) => match[1]));
  const [first] = ids;
  // A message of the Responses API has an id of its own, behind that of the answer.
  return ids.size === 1 || first?.startsWith('resp') === true ? first : undefined;
}
