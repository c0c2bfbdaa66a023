/** Time zones to choose from, for what is else in that of its tenant (''). */
export const ZONE_OPTIONS = [
  { value: '', label: "The tenant's" },
  ...['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')].map((value) => ({
    value,
    label: value,
  })),
];
