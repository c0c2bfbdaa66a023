import type { AppPluginMeta, PluginConfigPageProps } from '@grafana/data';
import { getBackendSrv } from '@grafana/runtime';
import { Alert, Button, Field, FieldSet, Input, SecretInput } from '@grafana/ui';
import { useId, useState } from 'react';
import { lastValueFrom } from 'rxjs';
import { PLUGIN_ID } from '../constants.ts';
import type { Settings } from './settings.ts';

type Outcome = { severity: 'success' | 'error'; title: string; text?: string };

/** Where the collector is and which key it takes, with a test of both. */
export default function Configuration({ plugin }: PluginConfigPageProps<AppPluginMeta<Settings>>) {
  const { enabled, pinned, jsonData, secureJsonFields } = plugin.meta;
  const id = useId();
  const [apiUrl, setApiUrl] = useState(jsonData?.apiUrl ?? '');
  const [apiKey, setApiKey] = useState('');
  const [hasKey, setHasKey] = useState(secureJsonFields?.['apiKey'] === true);
  const [outcome, setOutcome] = useState<Outcome>();
  const [isBusy, setIsBusy] = useState(false);

  const urlProblem =
    apiUrl === '' || isHttpUrl(apiUrl) ? undefined : 'Begin with http:// or https://, and leave out /v1.';
  const isComplete = isHttpUrl(apiUrl) && (hasKey || apiKey !== '');

  const save = async (isEnabled: boolean) => {
    await lastValueFrom(
      getBackendSrv().fetch({
        url: `/api/plugins/${PLUGIN_ID}/settings`,
        method: 'POST',
        data: {
          enabled: isEnabled,
          pinned: isEnabled ? true : pinned,
          jsonData: { ...jsonData, apiUrl: apiUrl.replace(/\/+$/, '') },
          ...(apiKey === '' ? {} : { secureJsonData: { apiKey } }),
        },
      }),
    );
  };

  const run = async (action: () => Promise<Outcome>) => {
    setIsBusy(true);
    try {
      setOutcome(await action());
    } catch (error) {
      setOutcome({ severity: 'error', title: 'It did not work', text: wordsOf(error) });
    } finally {
      setIsBusy(false);
    }
  };

  const saveAndTest = () =>
    run(async () => {
      await save(true);
      if (apiKey !== '') {
        setApiKey('');
        setHasKey(true);
      }
      const { data } = await lastValueFrom(
        getBackendSrv().fetch<{ freshness?: { as_of: string }; summary?: { total_requests?: number } }>({
          url: `/api/plugin-proxy/${PLUGIN_ID}/api/v1/analytics/usage/overview?start_date=now-1d&end_date=now`,
          showErrorAlert: false,
        }),
      );
      if (data.freshness === undefined)
        return {
          severity: 'error',
          title: 'Something else answers there',
          text: 'The address is not a PromptOps collector.',
        };
      return {
        severity: 'success',
        title: 'Saved. The collector answers.',
        text: `${data.summary?.total_requests ?? 0} calls in the last 24 hours. Reload to see the pages in the navigation.`,
      };
    });

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void saveAndTest();
      }}
    >
      <FieldSet label="Collector">
        <Field
          label="Address"
          description="As Grafana's server reaches it, e.g. http://collector:8080"
          htmlFor={`${id}-url`}
          invalid={urlProblem !== undefined}
          error={urlProblem}
        >
          <Input
            id={`${id}-url`}
            width={60}
            value={apiUrl}
            placeholder="http://collector:8080"
            onChange={(event) => setApiUrl(event.currentTarget.value.trim())}
          />
        </Field>
        <Field
          label="API key"
          description="With scope read to look, admin to change budgets, prices and alerts too. Only Grafana's server sends it, never the browser."
          htmlFor={`${id}-key`}
        >
          <SecretInput
            id={`${id}-key`}
            width={60}
            value={apiKey}
            isConfigured={hasKey}
            placeholder="po_…"
            autoComplete="off"
            onChange={(event) => setApiKey(event.currentTarget.value.trim())}
            onReset={() => {
              setHasKey(false);
              setApiKey('');
            }}
          />
        </Field>
        <Button type="submit" disabled={!isComplete || isBusy} icon={isBusy ? 'spinner' : 'check'}>
          Save and test
        </Button>{' '}
        {enabled === true && (
          <Button
            type="button"
            variant="secondary"
            disabled={isBusy}
            onClick={() =>
              void run(async () => {
                await save(false);
                return {
                  severity: 'success',
                  title: 'Disabled. Reload to take the pages from the navigation.',
                };
              })
            }
          >
            Disable
          </Button>
        )}
      </FieldSet>
      <div aria-live="polite">
        {outcome && (
          <Alert severity={outcome.severity} title={outcome.title}>
            {outcome.text}
          </Alert>
        )}
      </div>
    </form>
  );
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function wordsOf(error: unknown): string {
  const { status, data, message } = error as {
    status?: number;
    data?: { detail?: string; message?: string };
    message?: string;
  };
  if (status === 502) return 'Grafana cannot reach the collector at this address.';
  return data?.detail ?? data?.message ?? message ?? `Status ${status ?? 'unknown'}.`;
}
