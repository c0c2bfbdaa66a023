import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, ConfirmModal, useStyles2 } from '@grafana/ui';
import { useState } from 'react';
import { useApi, useChange } from '../../api/use-api.ts';
import { count, percent } from '../../figures/format.ts';
import { instant } from '../../figures/time.ts';
import { useHost } from '../../host/host.ts';
import { DataTable, type Column } from '../../panels/DataTable.tsx';
import { Nothing } from '../../panels/Nothing.tsx';
import { QueryPanel } from '../../panels/QueryPanel.tsx';
import { useTimeZone } from '../../period/time-zone.tsx';
import { bytesText } from './bytes.ts';
import type { Export } from './export-types.ts';

const LOOK_EVERY_MS = 2000;
const REST_EVERY_MS = 30_000;

/** The tenant's exports with their progress and files; looked at often while one is under way. */
export function ExportList() {
  const [isBusy, setIsBusy] = useState(true);
  const list = useApi('/v1/analytics/exports', {}, { every: isBusy ? LOOK_EVERY_MS : REST_EVERY_MS });
  const isUnderWay = list.data?.exports.some(isOpen) ?? false;
  if (list.data && isUnderWay !== isBusy) setIsBusy(isUnderWay);
  return (
    <QueryPanel
      title="Exports"
      query={list}
      empty={({ exports }) => exports.length === 0 && <Nothing>No exports yet.</Nothing>}
    >
      {({ exports }) => <ExportTable exports={exports} />}
    </QueryPanel>
  );
}

function ExportTable({ exports }: { exports: Export[] }) {
  const { timeZone } = useTimeZone();
  const change = useChange();
  const [doomed, setDoomed] = useState<Export | null>(null);
  const columns: Column<Export>[] = [
    {
      id: 'asked',
      header: 'Asked for',
      value: (one) => one.requested_at,
      cell: (one) => instant(one.requested_at, timeZone),
    },
    { id: 'what', header: 'What', value: (one) => whatText(one) },
    {
      id: 'period',
      header: 'Period',
      value: (one) => one.period.start,
      cell: (one) =>
        `${one.period.start.slice(0, 10)} to ${one.period.end.slice(0, 16).replace('T', ' ')} (${one.period.timezone})`,
      wideOnly: true,
    },
    { id: 'state', header: 'State', value: (one) => stateText(one) },
    {
      id: 'rows',
      header: 'Rows',
      numeric: true,
      value: (one) => one.row_count,
      cell: (one) => count(one.row_count),
    },
    { id: 'files', header: 'Files', value: (one) => one.files.length, cell: (one) => <Files of={one} /> },
    {
      id: 'delete',
      header: '',
      value: () => null,
      cell: (one) => (
        <Button variant="secondary" fill="text" size="sm" onClick={() => setDoomed(one)}>
          {isOpen(one) ? 'Cancel' : 'Delete'}
        </Button>
      ),
    },
  ];
  return (
    <>
      <DataTable label="Exports" columns={columns} rows={exports} rowKey={(one) => String(one.export_id)} />
      {doomed && (
        <ConfirmModal
          isOpen
          title={isOpen(doomed) ? 'Cancel this export?' : 'Delete this export?'}
          body="Its files are removed. The calls themselves stay."
          confirmText={isOpen(doomed) ? 'Cancel the export' : 'Delete'}
          dismissText="Keep it"
          onConfirm={() => {
            change.mutate({
              path: `/v1/analytics/exports/${doomed.export_id}`,
              method: 'DELETE',
              done: 'Done.',
            });
            setDoomed(null);
          }}
          onDismiss={() => setDoomed(null)}
        />
      )}
    </>
  );
}

function Files({ of }: { of: Export }) {
  const host = useHost();
  const styles = useStyles2(getStyles);
  if (of.failure !== null) return <span>{of.failure}</span>;
  return (
    <ul className={styles.files}>
      {of.files.map(({ file, filename, bytes, sha256 }) => (
        <li key={file}>
          <a
            className={styles.link}
            href={host.downloadUrl(`/v1/analytics/exports/${of.export_id}/download?file=${file}`)}
            download={filename}
            title={`SHA-256 ${sha256}`}
          >
            {filename}
          </a>{' '}
          ({bytesText(bytes)})
        </li>
      ))}
    </ul>
  );
}

function isOpen({ status }: Export): boolean {
  return status === 'queued' || status === 'running';
}

function whatText({ export_type, format, group_by }: Export): string {
  return `${export_type.toUpperCase()}, ${format === 'full' ? 'one row a call' : `summary by ${group_by ?? 'day'}`}`;
}

function stateText({ status, progress }: Export): string {
  if (status !== 'running') return status;
  return progress.percent === null
    ? `running, ${count(progress.rows_written)} rows`
    : `running, ${percent(progress.percent)}`;
}

const getStyles = (theme: GrafanaTheme2) => ({
  files: css({ listStyle: 'none', margin: 0, padding: 0 }),
  link: css({
    color: theme.colors.text.link,
    overflowWrap: 'anywhere',
    '&:hover': { textDecoration: 'underline' },
  }),
});
