import { PanelGrid } from '../../../panels/Panel.tsx';
import type { Session } from '../AccountTab.tsx';
import { ImportPrices } from './ImportPrices.tsx';
import { NewPriceForm } from './NewPriceForm.tsx';
import { OwnPrices } from './OwnPrices.tsx';
import { PriceSearch } from './PriceSearch.tsx';

/** The price book: which price a call gets, prices and discounts of one's own. */
export function PricesTab({ session }: { session: Session | undefined }) {
  return (
    <PanelGrid>
      <PriceSearch />
      <OwnPrices />
      <NewPriceForm isOperator={session?.is_operator === true} />
      <ImportPrices />
    </PanelGrid>
  );
}
