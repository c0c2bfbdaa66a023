import type { ReactNode } from 'react';
import { DataTable } from '../../../panels/DataTable.tsx';
import { chargesOf, KIND_WORDS, timeOf, type Price } from './price-text.ts';

/** Rows of the price book. */
export function PriceTable({
  label,
  prices,
  action,
  fileName,
}: {
  label: string;
  prices: Price[];
  /** Something to do with a row. */
  action?: { header: string; cell: (price: Price) => ReactNode };
  fileName?: string;
}) {
  return (
    <DataTable
      label={label}
      rows={prices}
      rowKey={({ price_id }) => String(price_id)}
      {...(fileName === undefined ? {} : { fileName })}
      columns={[
        { id: 'model', header: 'Model', value: ({ model_name }) => model_name },
        { id: 'provider', header: 'Provider', value: ({ model_provider }) => model_provider },
        { id: 'tier', header: 'Tier', value: ({ service_tier }) => service_tier, wideOnly: true },
        { id: 'charges', header: 'Charges', value: chargesOf },
        { id: 'time', header: 'In force', value: timeOf },
        {
          id: 'source',
          header: 'From',
          wideOnly: true,
          value: ({ kind, source, tenant_id }) =>
            `${KIND_WORDS[kind]}${kind === 'override' || kind === 'discount' ? (tenant_id === null ? ' for all tenants' : '') : ''}, ${source}`,
        },
        ...(action ? [{ id: 'action', header: action.header, value: () => null, cell: action.cell }] : []),
      ]}
    />
  );
}
