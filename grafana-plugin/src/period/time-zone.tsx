import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from 'react';
import { useSearchParams } from 'react-router-dom';
import { useHost } from '../host/host.ts';
import { useSetParameters } from '../navigation/use-set-parameters.ts';

interface ChosenTimeZone {
  timeZone: string;
  setTimeZone: (zone: string) => void;
}

const TimeZoneContext = createContext<ChosenTimeZone | null>(null);
const PREFERENCE = 'time-zone';

/** The IANA zone behind Grafana's words for one: 'browser', 'utc', or '' for the default. */
export function ianaZone(zone: string | null | undefined): string {
  if (zone === null || zone === undefined || zone === '' || zone === 'browser')
    return Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone === 'utc' ? 'UTC' : zone;
}

/** Days are those of the zone in the URL (`timezone`), else of the user's choice, else of the browser. */
export function TimeZoneProvider({ initial, children }: { initial: string; children: ReactNode }) {
  const host = useHost();
  const [chosen, setChosen] = useState(initial);
  const [search] = useSearchParams();
  const setParameters = useSetParameters();
  const fromUrl = search.get('timezone');
  const setTimeZone = useCallback(
    (zone: string) => {
      setChosen(zone);
      void host.preferences.set(PREFERENCE, zone);
      if (fromUrl !== null) setParameters({ timezone: null });
    },
    [host, fromUrl, setParameters],
  );
  const value = useMemo(
    () => ({ timeZone: validZone(fromUrl) ?? ianaZone(chosen), setTimeZone }),
    [fromUrl, chosen, setTimeZone],
  );
  return <TimeZoneContext.Provider value={value}>{children}</TimeZoneContext.Provider>;
}

export function useTimeZone(): ChosenTimeZone {
  const value = useContext(TimeZoneContext);
  if (!value) throw new Error('The pages need a <TimeZoneProvider>.');
  return value;
}

/** The zone that the user chose last; '' for the browser's. */
export async function preferredZone(preferences: {
  get(key: string): Promise<string | null>;
}): Promise<string> {
  return (await preferences.get(PREFERENCE)) ?? '';
}

function validZone(zone: string | null): string | undefined {
  if (zone === null) return undefined;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: ianaZone(zone) }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}
