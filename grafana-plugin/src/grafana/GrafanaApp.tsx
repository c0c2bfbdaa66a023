import type { AppRootProps } from '@grafana/data';
import { config, usePluginUserStorage } from '@grafana/runtime';
import { useEffect, useMemo, useState } from 'react';
import { App } from '../App.tsx';
import { preferredZone } from '../period/time-zone.tsx';
import { createGrafanaHost } from './grafana-host.tsx';

export default function GrafanaApp({ meta }: AppRootProps) {
  const storage = usePluginUserStorage();
  const host = useMemo(
    () =>
      createGrafanaHost(meta, {
        get: (key) => storage.getItem(key),
        set: (key, value) => storage.setItem(key, value),
      }),
    // The storage is a new object each time and always the same one.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [meta],
  );
  const [zone, setZone] = useState<string>();
  useEffect(() => {
    let isGone = false;
    const fallback = config.bootData.user.timezone ?? '';
    preferredZone(host.preferences).then(
      (chosen) => !isGone && setZone(chosen === '' ? fallback : chosen),
      // Without a storage the user's zone in Grafana is the best that is known.
      () => !isGone && setZone(fallback),
    );
    return () => {
      isGone = true;
    };
  }, [host]);
  return zone === undefined ? null : <App host={host} timeZone={zone} />;
}
