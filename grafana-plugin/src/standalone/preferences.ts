import type { Preferences } from '../host/host.ts';

const PREFIX = 'promptops.';

/** Kept by the browser. A browser that keeps nothing forgets them. */
export const browserPreferences: Preferences = {
  get: (key) => Promise.resolve(read(key)),
  set: (key, value) => {
    try {
      localStorage.setItem(PREFIX + key, value);
    } catch {
      // Private windows may refuse; the choice then holds for this page.
    }
    return Promise.resolve();
  },
};

export function read(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}
