import { Alert, Button, FileUpload } from '@grafana/ui';
import { useState } from 'react';
import { useChange } from '../../../api/use-api.ts';
import { count } from '../../../figures/format.ts';
import { Panel } from '../../../panels/Panel.tsx';
import { useReadOnlyReason } from '../AdminContent.tsx';
import { readPriceFile } from './price-file.ts';

const MOST_BYTES = 4 * 1024 * 1024;

interface Chosen {
  name: string;
  rows: Record<string, unknown>[];
}

/** Adds many prices from a CSV file: first checked, then added, all or none. */
export function ImportPrices() {
  const reason = useReadOnlyReason();
  const change = useChange<{ rows: number; added: number }>();
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [told, setTold] = useState<{ severity: 'success' | 'error'; text: string } | null>(null);
  const [isChecked, setIsChecked] = useState(false);

  const choose = async (file: File | undefined) => {
    setChosen(null);
    setTold(null);
    setIsChecked(false);
    if (!file) return;
    try {
      if (file.size > MOST_BYTES) throw new Error('The file is larger than 4 MiB. Cut it into parts.');
      setChosen({ name: file.name, rows: readPriceFile(await file.text()) });
    } catch (error) {
      setTold({ severity: 'error', text: (error as Error).message });
    }
  };
  const send = (dryRun: boolean) => {
    if (!chosen) return;
    change.mutate(
      {
        method: 'POST',
        path: `/v1/prices/import?dry_run=${dryRun}`,
        body: chosen.rows,
        ...(dryRun ? {} : { done: `Added to the book: ${prices(chosen)}.` }),
      },
      {
        onSuccess: () => {
          setIsChecked(dryRun);
          setTold(
            dryRun
              ? {
                  severity: 'success',
                  text: `${prices(chosen)} can be added. None is yet.`,
                }
              : { severity: 'success', text: `Added: ${prices(chosen)}.` },
          );
          if (!dryRun) setChosen(null);
        },
        onError: ({ message }) => setTold({ severity: 'error', text: message }),
      },
    );
  };
  return (
    <Panel
      title="Import prices"
      description="All rows of the file are added, or none. docs/prices.md has the columns."
      span={6}
    >
      <p>
        A CSV file with a header. Its columns: model_provider, model_name, input_per_mtok, output_per_mtok,
        and any other field of a price.
      </p>
      {reason === undefined && (
        <FileUpload
          accept=".csv,text/csv"
          size="sm"
          onFileUpload={({ currentTarget: { files } }) => void choose(files?.[0])}
        >
          Choose a CSV file
        </FileUpload>
      )}
      {reason !== undefined && <p>{reason}</p>}
      {chosen && (
        <p>
          {chosen.name}: {prices(chosen)}.
        </p>
      )}
      {told && (
        <Alert severity={told.severity} title={told.severity === 'error' ? 'Nothing was added' : 'Well'}>
          {told.text}
        </Alert>
      )}
      {chosen && (
        <>
          <Button variant="secondary" disabled={change.isPending} onClick={() => send(true)}>
            Check
          </Button>{' '}
          <Button
            disabled={change.isPending || !isChecked}
            tooltip={isChecked ? undefined : 'Check it first'}
            onClick={() => send(false)}
          >
            Add all
          </Button>
        </>
      )}
    </Panel>
  );
}

function prices({ rows }: Chosen): string {
  return `${count(rows.length)} ${rows.length === 1 ? 'price' : 'prices'}`;
}
