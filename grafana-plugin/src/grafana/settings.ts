/** What an administrator sets of the app; the API key is apart, in Grafana's encrypted settings. */
export interface Settings {
  /** The collector's address as Grafana's server reaches it. */
  apiUrl?: string;
}
