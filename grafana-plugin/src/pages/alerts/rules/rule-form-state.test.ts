import { expect, test } from '@jest/globals';
import { ruleAnswer } from '../alerts.fixture.ts';
import { bodyOf, problemsOf, stateOf } from './rule-form-state.ts';

test('a rule that is opened and saved unchanged is sent as it was', () => {
  const rule = ruleAnswer(1, {
    baseline: 'previous_window',
    threshold: 3,
    filters: { project_id: { in: ['checkout', null] } },
    group_by: 'model_name',
    resolve_threshold: 2,
    renotify_minutes: 240,
    mute_windows: [{ days: ['saturday'], start: '22:00', end: '06:00' }],
    time_zone: 'Europe/Berlin',
  });
  const {
    rule_id: _id,
    enabled: _enabled,
    effective_time_zone: _zone,
    last_look: _look,
    created_at: _at,
    created_by: _by,
    updated_at: _updated,
    updated_by: _updatedBy,
    ...own
  } = rule;
  expect(bodyOf(stateOf(rule))).toEqual(own);
});

test('what a budget rule has no use for is not sent along', () => {
  const state = { ...stateOf(undefined), metric: 'budget_used_percent' as const, threshold: '80' };
  const body = bodyOf({
    ...state,
    baseline: 'previous_window',
    groupBy: 'model_name',
    minRequests: '10',
    noData: 'fire',
    budgetId: '7',
  });
  expect(body).toMatchObject({
    baseline: null,
    group_by: null,
    filters: {},
    min_requests: 0,
    no_data: 'ok',
    budget_id: 7,
  });
});

test('what is wrong is told beside its field before anything is sent', () => {
  const state = { ...stateOf(undefined), window: '20', threshold: '', renotifyMinutes: '2' };
  expect(Object.keys(problemsOf(state)).sort()).toEqual([
    'name',
    'renotify_minutes',
    'threshold',
    'window_duration',
  ]);
  const back = { ...stateOf(undefined), name: 'x', threshold: '5', resolveThreshold: '6' };
  expect(problemsOf(back)).toEqual({
    resolve_threshold: 'It fires above 5: the end cannot lie beyond that.',
  });
  expect(problemsOf({ ...back, operator: '<' })).toEqual({});
});
