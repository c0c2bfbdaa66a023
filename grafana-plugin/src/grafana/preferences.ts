import type { Preferences } from '../host/host.ts';

/**
 * Kept by the browser, for each user of Grafana apart. Grafana's own user storage answers 404 until something is stored there, which every first
 * visit would show as an error in the console.
 */
export function grafanaPreferences(userUid: string): Preferences {
  const name = (key: string): string => `promptops-analytics-app.${userUid}.${key}`;
  return {
    get: (key) => Promise.resolve(localStorage.getItem(name(key))),
    set: (key, value) => {
      localStorage.setItem(name(key), value);
      return Promise.resolve();
    },
  };
}
