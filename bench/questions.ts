/** A route and what is asked of it: query strings by title. */
export interface Route {
  path: string;
  /** Whether an answer is about something. */
  isFull: (answer: never) => boolean;
  questions: Record<string, string>;
}
const BERLIN = 'timezone=Europe/Berlin';
const isCounted = (one: {
  total?: { total_requests: number };
  summary?: { total_requests: number };
}): boolean => ((one.summary ?? one.total)?.total_requests ?? 0) > 0;
// Ninety days against the ninety that began a week before them: both sides are full.
const WEEK_BEFORE = 'compare_with=last_week';
/** What pages ask, over 90 days but for what is about now. */
export const ROUTES: Record<string, Route> = {
  overview: {
    path: 'usage/overview',
    isFull: isCounted,
    questions: {
      'all, days in UTC': 'group_by=day',
      'all, days in Berlin': `group_by=day&${BERLIN}`,
      'all, days in Kolkata': 'group_by=day&timezone=Asia/Kolkata',
      'all, hours in New York': 'group_by=hour&timezone=America/New_York',
      'one model, days in Berlin': `group_by=day&${BERLIN}&model_name=gpt-4o`,
      'one project, weeks in Berlin': `group_by=week&${BERLIN}&project_id=project-2`,
      'one prompt, days in Berlin': `group_by=day&${BERLIN}&prompt_id=prompt-7`,
    },
  },
  breakdown: {
    path: 'usage/breakdown',
    isFull: isCounted,
    questions: {
      'projects in Kolkata': 'dimension=project_id&timezone=Asia/Kolkata',
      'prompts in Berlin': `dimension=prompt_id&${BERLIN}`,
      'models, days in Berlin': `dimension=model_name&group_by=day&${BERLIN}`,
      'prompts, weeks in UTC': 'dimension=prompt_id&group_by=week',
      'prompts by model, days in Berlin': `dimension=prompt_id&dimension=model_name&group_by=day&${BERLIN}`,
      'prompts of one model, days in New York':
        'dimension=prompt_id&model_name=gpt-4o&group_by=day&timezone=America/New_York',
    },
  },
  compare: {
    path: 'usage/compare',
    isFull: ({ total }: { total: Record<'current' | 'previous', { total_requests: number }> }) =>
      total.current.total_requests > 0 && total.previous.total_requests > 0,
    questions: {
      'all in UTC': WEEK_BEFORE,
      'all in Berlin': `${WEEK_BEFORE}&${BERLIN}`,
      'models in Berlin': `${WEEK_BEFORE}&${BERLIN}&dimension=model_name`,
      'projects in Kolkata': `${WEEK_BEFORE}&timezone=Asia/Kolkata&dimension=project_id`,
      'prompts in Berlin': `${WEEK_BEFORE}&${BERLIN}&dimension=prompt_id`,
      'prompts by model in Berlin': `${WEEK_BEFORE}&${BERLIN}&dimension=prompt_id&dimension=model_name`,
      'prompts of one model, by tokens': `${WEEK_BEFORE}&dimension=prompt_id&model_name=gpt-4o&measure=total_tokens_used`,
    },
  },
  trends: {
    path: 'usage/trends',
    isFull: ({ history }: { history: unknown[] }) => history.length > 30,
    questions: {
      'cost by days in Berlin': `measure=total_cost_usd&${BERLIN}`,
      'requests of one model': 'measure=total_requests&model_name=gpt-4o',
    },
  },
  latency: {
    path: 'usage/latency',
    isFull: isCounted,
    questions: {
      'all in Berlin': BERLIN,
      'models, days in Berlin': `dimension=model_name&group_by=day&${BERLIN}`,
    },
  },
  errors: {
    path: 'usage/errors',
    isFull: isCounted,
    questions: { 'all, days in Berlin': `group_by=day&${BERLIN}` },
  },
  cache: {
    path: 'usage/cache',
    isFull: isCounted,
    questions: { 'all, days in Berlin': `group_by=day&${BERLIN}` },
  },
  events: {
    path: 'usage/events',
    isFull: ({ events, next_cursor }: { events: unknown[]; next_cursor: string | null }) =>
      events.length > 0 || next_cursor !== null,
    questions: {
      'the newest 50': 'limit=50',
      'the newest 50 of one model': 'limit=50&model_name=gpt-4o',
      'of one user, a page': 'limit=50&user_id=user-19',
      'the newest 50 errors': 'limit=50&status=error',
    },
  },
  forecast: {
    path: 'usage/forecast',
    isFull: ({ history }: { history: unknown[] }) => history.length > 30,
    questions: { 'cost of this month in Berlin': `measure=cost&${BERLIN}` },
  },
  summary: {
    path: 'summary',
    isFull: ({ key_figures: figures }: { key_figures: { current: unknown }[] }) =>
      figures.some(({ current }) => Number(current) > 0),
    questions: { '90 days in Berlin': BERLIN, 'the last week in Berlin': `start_date=now-7d&${BERLIN}` },
  },
};
