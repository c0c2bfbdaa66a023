/** The dimensions that cost is looked at by; the first is the default. */
export const BY = ['prompt_id', 'model_name', 'project_id'] as const;
export type By = (typeof BY)[number];

/** What is asked next of a member that got dearer: which part of it. */
export const INSIDE: Record<By, readonly [string, string]> = {
  prompt_id: ['prompt_version', 'model_name'],
  model_name: ['prompt_id', 'project_id'],
  project_id: ['prompt_id', 'model_name'],
};
