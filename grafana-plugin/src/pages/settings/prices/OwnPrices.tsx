import { Button, ConfirmModal } from '@grafana/ui';
import { useState } from 'react';
import { apiPath, useApi, useChange } from '../../../api/use-api.ts';
import { Nothing } from '../../../panels/Nothing.tsx';
import { QueryPanel } from '../../../panels/QueryPanel.tsx';
import { useReadOnlyReason } from '../AdminContent.tsx';
import { PriceTable } from './PriceTable.tsx';
import { chargesOf, type Price } from './price-text.ts';

const MOST = 500;

/** Prices and discounts of this tenant. They win over the public list. */
export function OwnPrices() {
  const answer = useApi('/v1/prices', { query: { own: true, limit: MOST } });
  const reason = useReadOnlyReason();
  const change = useChange();
  const [ending, setEnding] = useState<Price | null>(null);
  return (
    <QueryPanel
      title="Your own prices and discounts"
      description="They win over the public list. What a price charges never changes; only its end can be set, so that every stored cost stays explained."
      query={answer}
      height={160}
      empty={({ prices }) =>
        prices.length === 0 && (
          <Nothing>
            None: all calls are priced by the public list. Add one for models that you host or have a contract
            for.
          </Nothing>
        )
      }
    >
      {({ prices, next_cursor: next }) => (
        <>
          <PriceTable
            label="Own prices and discounts"
            prices={prices}
            fileName="own-prices"
            action={{
              header: 'End',
              cell: (price) =>
                price.effective_to === null && (
                  <Button
                    size="sm"
                    variant="destructive"
                    fill="outline"
                    aria-label={`End the price for ${price.model_name}`}
                    disabled={reason !== undefined}
                    tooltip={reason}
                    onClick={() => setEnding(price)}
                  >
                    End
                  </Button>
                ),
            }}
          />
          {next !== null && (
            <p>The first {MOST} are shown. The rest: npm run promptops -- prices list --own.</p>
          )}
          <ConfirmModal
            isOpen={ending !== null}
            title="End this price now?"
            body={`${ending?.model_provider ?? ''}, ${ending?.model_name ?? ''}: ${ending ? chargesOf(ending) : ''}. Calls from now on are priced without it; stored events keep their cost until they are repriced.`}
            confirmText="End it"
            onDismiss={() => setEnding(null)}
            onConfirm={() => {
              if (!ending) return;
              change.mutate({
                method: 'POST',
                path: apiPath('/v1/prices/{price_id}/end', { path: { price_id: String(ending.price_id) } }),
                body: {},
                done: `The price for ${ending.model_name} has ended.`,
              });
              setEnding(null);
            }}
          />
        </>
      )}
    </QueryPanel>
  );
}
