import type { Alert, Rule } from './alert-types.ts';

/** An alert that fires, as the API answers it. */
export function alertAnswer(id: number, changes: Partial<Alert> = {}): Alert {
  return {
    alert_id: id,
    tenant_id: 'default',
    source: 'rule',
    rule_id: 3,
    rule_name: 'Error rate',
    description: '',
    alert_type: 'error_rate',
    severity: 'high',
    status: 'firing',
    metric: 'error_rate',
    operator: '>',
    threshold: 5,
    window_minutes: 15,
    baseline: null,
    group: { dimension: 'model_name', member: 'gpt-4o' },
    message: 'Error rate: error_rate of model_name gpt-4o is 7.1 % in 15 minutes, > 5 %.',
    is_no_data: false,
    value: 7.1,
    baseline_value: null,
    first_value: 6,
    peak_value: 9,
    window_start: '2026-11-24T11:45:00.000Z',
    window_end: '2026-11-24T12:00:00.000Z',
    pending_since: '2026-11-24T12:00:00.000Z',
    started_at: '2026-11-24T12:00:00.000Z',
    resolved_at: null,
    resolved_by: null,
    resolve_reason: null,
    acknowledged: null,
    time_to_acknowledge_seconds: null,
    time_to_resolve_seconds: null,
    notification_count: 1,
    last_notified_at: '2026-11-24T12:00:10.000Z',
    evidence_path: '/v1/analytics/usage/errors?start_date=2026-11-24T11:45:00Z',
    page_path: '/analytics/performance?from=a&to=b&model_name=gpt-4o',
    labels: {},
    links: {},
    ...changes,
  };
}

export function listAnswer(alerts: Alert[], next: string | null = null) {
  const firing = alerts.filter(({ status }) => status === 'firing');
  return {
    alerts,
    next_cursor: next,
    open: {
      pending: alerts.length - firing.length,
      firing: firing.length,
      acknowledged: firing.filter(({ acknowledged }) => acknowledged !== null).length,
      by_severity: { low: 0, medium: 0, high: firing.length, critical: 0 },
    },
  };
}

export function ruleAnswer(id: number, changes: Partial<Rule> = {}): Rule {
  return {
    rule_id: id,
    name: `Rule ${id}`,
    description: '',
    alert_type: 'error_rate',
    severity: 'high',
    metric: 'error_rate',
    operator: '>',
    threshold: 5,
    window_duration: 15,
    baseline: null,
    filters: {},
    group_by: null,
    time_zone: null,
    for_minutes: 0,
    resolve_threshold: null,
    keep_firing_minutes: 0,
    renotify_minutes: null,
    min_requests: 20,
    no_data: 'ok',
    mute_windows: [],
    budget_id: null,
    enabled: true,
    effective_time_zone: 'UTC',
    last_look: null,
    created_at: '2026-11-01T00:00:00Z',
    created_by: 'setup',
    updated_at: '2026-11-01T00:00:00Z',
    updated_by: 'setup',
    ...changes,
  };
}
