import type { Answer } from '../../api/use-api.ts';
import type { paths } from '../../api/schema.ts';

export type Export = Answer<'/v1/analytics/exports'>['exports'][number];

export type Estimate =
  paths['/v1/analytics/exports/estimate']['post']['responses'][200]['content']['application/json'];

export const FILE_TYPES = ['csv', 'parquet', 'ndjson', 'json'] as const;
export type FileType = (typeof FILE_TYPES)[number];

/** One row a call, or sums of a day or hour. */
export const CONTENTS = ['full', 'day', 'hour'] as const;
export type Content = (typeof CONTENTS)[number];
