import type { Answer } from '../../api/use-api.ts';
import type { ChartAnnotation } from '../../charts/chart-types.ts';
import { percent } from '../../figures/format.ts';

export type Incident = Answer<'/v1/analytics/usage/errors'>['incidents'][number];

/** Whom an incident is about. */
export function incidentSubject({ model }: Incident): string {
  return model === null ? 'All calls' : `${model.model_name} (${model.model_provider})`;
}

/** A line in the charts where each incident began. */
export function annotationsOf(incidents: Incident[], color: string): ChartAnnotation[] {
  return incidents.map((incident) => ({
    time: Date.parse(incident.start),
    text: `Incident: ${incidentSubject(incident)}, ${percent(incident.error_rate_percent)} failed`,
    color,
  }));
}
