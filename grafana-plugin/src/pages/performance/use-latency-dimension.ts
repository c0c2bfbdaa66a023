import { useChoice } from '../../navigation/use-choice.ts';

/** What latency is kept by in the rollups, so that it can be asked about over any period. */
export const LATENCY_DIMENSIONS = [
  'model_name',
  'endpoint',
  'model_provider',
  'project_id',
  'environment',
] as const;
export type LatencyDimension = (typeof LATENCY_DIMENSIONS)[number];

/** By what the page tells latency apart: `by` of the URL. */
export function useLatencyDimension(): [LatencyDimension, (name: LatencyDimension) => void] {
  return useChoice('by', LATENCY_DIMENSIONS, 'model_name');
}
