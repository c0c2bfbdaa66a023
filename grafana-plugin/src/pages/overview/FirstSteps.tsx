import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { ClipboardButton, Tab, TabsBar, useStyles2 } from '@grafana/ui';
import { useState } from 'react';
import { useHost } from '../../host/host.ts';
import { Panel } from '../../panels/Panel.tsx';

/** How the first event comes in, with the address of this collector. */
export function FirstSteps() {
  const { collectorUrl } = useHost();
  const styles = useStyles2(getStyles);
  const [shown, setShown] = useState(0);
  const snippets = firstEventSnippets(collectorUrl === '' ? 'http://localhost:8080' : collectorUrl);
  const snippet = snippets[shown] ?? snippets[0];
  return (
    <div className={styles.around}>
      <Panel title="No calls in this period yet">
        <p>
          Send one, or choose a longer period. To look around with made-up data: <code>npm run demo</code>.
        </p>
        <TabsBar>
          {snippets.map(({ name }, index) => (
            <Tab key={name} label={name} active={index === shown} onChangeTab={() => setShown(index)} />
          ))}
        </TabsBar>
        <pre className={styles.code} tabIndex={0}>
          <code>{snippet?.code}</code>
        </pre>
        <ClipboardButton variant="secondary" size="sm" icon="copy" getText={() => snippet?.code ?? ''}>
          Copy
        </ClipboardButton>
      </Panel>
    </div>
  );
}

/** The same event in the ways that it can be sent. */
export function firstEventSnippets(url: string): { name: string; code: string }[] {
  return [
    {
      name: 'curl',
      code: `curl ${url}/v1/client/usage/log \\
  -H "Authorization: Bearer $PROMPTOPS_API_KEY" -H "Content-Type: application/json" \\
  -d "{\\"timestamp\\": \\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\\", \\"model_provider\\": \\"openai\\", \\"model_name\\": \\"gpt-4o\\",
       \\"input_tokens\\": 1200, \\"output_tokens\\": 310, \\"response_time_ms\\": 1840, \\"project_id\\": \\"checkout\\"}"`,
    },
    {
      name: 'JavaScript',
      code: `import { PromptOpsClient } from '@promptops/client';

const client = new PromptOpsClient({ baseUrl: '${url}', apiKey: process.env.PROMPTOPS_API_KEY });
await client.initialize();
const answer = await client.track(
  { prompt_id: 'hello', model_provider: 'openai', model_name: 'gpt-4o' },
  () => openai.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] }),
);`,
    },
    {
      name: 'Python',
      code: `from promptops import ClientConfig, PromptOpsClient

client = PromptOpsClient(ClientConfig(base_url="${url}", api_key=os.environ["PROMPTOPS_API_KEY"]))
with client.track(model_provider="openai", model_name="gpt-4o", prompt_id="hello") as call:
    call.usage(openai.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Hello"}]))`,
    },
    {
      name: 'OpenTelemetry',
      code: `OTEL_EXPORTER_OTLP_ENDPOINT=${url}
OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer $PROMPTOPS_API_KEY"`,
    },
  ];
}

const getStyles = (theme: GrafanaTheme2) => ({
  around: css({ marginBottom: theme.spacing(2) }),
  code: css({ marginTop: theme.spacing(1), whiteSpace: 'pre', overflowX: 'auto' }),
});
