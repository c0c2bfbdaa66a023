import type { Answer } from '../../api/use-api.ts';
import type { LinkOptions } from '../../navigation/use-page-link.ts';

export type Summary = Answer<'/v1/analytics/summary'>;
export type Sentence = Summary['notable'][number];

export interface EvidencePage {
  page: string;
  options: LinkOptions;
  /** What is to be seen there. */
  what: string;
}

/** The dimensions that the cost page explains changes by. */
const EXPLAINED = ['prompt_id', 'model_name', 'project_id'];

/**
 * The page that shows what a sentence was made of. The API's `link` names the answer; which page asks for that answer is known here.
 * @param compareWith what the summary is compared with, so that the page compares the same
 */
export function evidencePage(
  { link, evidence }: Pick<Sentence, 'link' | 'evidence'>,
  compareWith: string,
  budgets: Summary['budgets'],
): EvidencePage {
  const url = new URL(link, 'http://collector');
  const filter: LinkOptions =
    evidence.dimension !== null && evidence.dimension !== 'budget' && evidence.member !== null
      ? { filter: [evidence.dimension, evidence.member] }
      : {};
  switch (url.pathname.replace('/v1/analytics/', '')) {
    case 'usage/errors':
      return { page: 'performance', options: filter, what: 'Errors' };
    case 'usage/latency':
      return { page: 'performance', options: filter, what: 'Response times' };
    case 'usage/unpriced':
      return { page: 'costs', options: { search: { tab: 'unpriced' } }, what: 'Unpriced usage' };
    case 'budgets/status': {
      const budget = budgets.find(({ name }) => name === evidence.member);
      return {
        page: 'costs',
        options: {
          keepFilters: false,
          search: { tab: 'budgets', ...(budget ? { budget: String(budget.budget_id) } : {}) },
        },
        what: 'The budget',
      };
    }
    case 'usage/compare': {
      const dimension = url.searchParams.get('dimension');
      const against: Record<string, string> = {
        change: 'chosen',
        ...(compareWith === 'previous_period' ? {} : { against: compareWith }),
      };
      if (dimension === null) return { page: 'costs', options: { search: against }, what: 'What changed' };
      if (!EXPLAINED.includes(dimension))
        return { page: 'explore', options: { search: { by: dimension } }, what: 'Explore' };
      return {
        page: 'costs',
        options: {
          search: {
            ...against,
            ...(dimension === 'prompt_id' ? {} : { by: dimension }),
            ...(evidence.member === null ? {} : { why: evidence.member }),
          },
        },
        what: 'What changed, and why',
      };
    }
    default:
      return { page: 'overview', options: filter, what: 'Overview' };
  }
}
