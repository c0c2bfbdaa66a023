import type { Filter } from '../../filters/use-filters.ts';
import { isReadFromEvents } from '../../panels/EventsPeriodNote.tsx';

/** What one wants to know next of a member, by its dimension; the first that is not filtered by already. */
const NEXT: Record<string, string[]> = {
  project_id: ['prompt_id', 'model_name', 'user_id'],
  prompt_id: ['prompt_version', 'user_id', 'model_name'],
  prompt_version: ['user_id', 'model_name'],
  model_provider: ['model_name', 'prompt_id', 'project_id'],
  model_name: ['prompt_id', 'project_id', 'user_id'],
  environment: ['project_id', 'prompt_id', 'model_name'],
  user_id: ['prompt_id', 'session_id', 'model_name'],
  session_id: ['prompt_id', 'model_name', 'status'],
  status: ['error_type', 'model_name', 'prompt_id'],
  error_type: ['model_name', 'prompt_id', 'user_id'],
  status_code: ['error_type', 'model_name', 'prompt_id'],
};
const ANYTHING = ['project_id', 'prompt_id', 'model_name', 'prompt_version', 'user_id', 'session_id'];

/**
 * The dimension to go on with after clicks on members of `clicked`.
 * @param filters those of the page with the clicked ones
 * @param mayReadEvents false where the period is too long for dimensions of the events
 */
export function nextDimension(clicked: string[], filters: Filter[], mayReadEvents: boolean): string {
  const last = clicked.at(-1) ?? 'project_id';
  const isSettled = (dimension: string) =>
    filters.some(
      (filter) => filter.dimension === dimension && filter.operator === 'is' && filter.values.length === 1,
    );
  const candidates = [...(NEXT[last] ?? []), ...ANYTHING];
  return (
    candidates.find(
      (dimension) => !isSettled(dimension) && (mayReadEvents || !isReadFromEvents(dimension)),
    ) ?? last
  );
}
