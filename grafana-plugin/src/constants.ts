export const PLUGIN_ID = 'promptops-analytics-app';
