import type { AppRootProps } from '@grafana/data';
import { config } from '@grafana/runtime';
import { useEffect, useMemo, useState } from 'react';
import { App } from '../App.tsx';
import { preferredZone } from '../period/time-zone.tsx';
import { createGrafanaHost } from './grafana-host.tsx';
import { grafanaPreferences } from './preferences.ts';

export default function GrafanaApp({ meta }: AppRootProps) {
  const host = useMemo(() => createGrafanaHost(meta, grafanaPreferences(config.bootData.user.uid)), [meta]);
  const [zone, setZone] = useState<string>();
  useEffect(() => {
    let isGone = false;
    const ofGrafana = config.bootData.user.timezone;
    preferredZone(host.preferences).then(
      (chosen) => !isGone && setZone(chosen === '' ? ofGrafana : chosen),
      () => !isGone && setZone(ofGrafana),
    );
    return () => {
      isGone = true;
    };
  }, [host]);
  return zone === undefined ? null : <App host={host} timeZone={zone} />;
}
