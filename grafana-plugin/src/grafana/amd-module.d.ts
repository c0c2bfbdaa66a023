/** The AMD module that is being loaded; the bundler leaves it to Grafana's loader. */
declare module 'amd-module' {
  const module: { uri?: string } | undefined;
  export default module;
}
