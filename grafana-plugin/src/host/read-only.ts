/** Why nothing can be changed, for users who may only read. */
export const READ_ONLY =
  'You may only read. Changing needs an API key with the scope admin (in Grafana: an editor).';
