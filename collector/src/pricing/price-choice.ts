import { choose, isInForce, windowOf, type Candidates, type PriceBook, type Rank } from './price-book.ts';
import type { UnpricedReason } from './rates.ts';
import type { OwnMatch, StoredPrice } from './stored-price.ts';

/** Which row prices calls of a model at a time, and why that one. */
export interface PriceChoice {
  price: StoredPrice | null;
  discount: StoredPrice | null;
  reason: UnpricedReason | null;
  /** A sentence or two for people. */
  why: string;
  /** Further rows that such calls fall under, with whether they are in force at the time, the closest first. */
  others: { price: StoredPrice; isInForce: boolean }[];
}

export interface PriceQuestion {
  tenantId: string;
  modelProvider: string;
  modelName: string;
  serviceTier: string | null;
  timestampMs: number;
}

export function choosePrice(book: PriceBook, question: PriceQuestion): PriceChoice {
  const { tenantId, modelProvider, modelName, serviceTier, timestampMs } = question;
  const candidates = book.candidates(tenantId, modelProvider, modelName, serviceTier);
  const chosen = choose(candidates, timestampMs);
  const taken = [chosen.price?.priceId, chosen.discount?.priceId];
  return {
    price: chosen.price ?? null,
    discount: chosen.discount,
    reason: chosen.reason,
    why:
      chosen.price === undefined
        ? whyNone(candidates)
        : whyThis(chosen.price, chosen.rank, chosen.discount, timestampMs),
    others: [...candidates.prices, ...candidates.discounts]
      .filter(({ price }) => !taken.includes(price.priceId))
      .map(({ price }) => ({ price, isInForce: isInForce(price, timestampMs) })),
  };
}

function whyNone({ prices, otherwise }: Candidates): string {
  const start = `No price is in force (${otherwise}).`;
  if (prices.length === 0) return start;
  return `${start} These would match at other times: ${prices.map(({ price }) => price.priceId).join(', ')}.`;
}

const WHOSE: Record<Rank, string> = {
  tenant: 'A price of your own',
  everyone: "The operator's price for all tenants",
  list: 'The list price',
};

/** Why a row is the one. */
export function whyThis(
  price: StoredPrice,
  rank: Rank,
  discount: StoredPrice | null,
  timestampMs: number,
): string {
  const words =
    rank === 'list'
      ? `${WHOSE.list} of ${price.providerId}/${price.listModelId ?? ''} (${price.source}): no price of your own is in force for it.`
      : `${WHOSE[rank]}, for ${namesOf(price)}; it wins over the list and over looser patterns.`;
  const window = windowOf(price, timestampMs);
  const hours = window === undefined ? '' : ` In its hours ${window.label}.`;
  const less =
    discount === null
      ? ''
      : ` Less ${discount.discountPercent ?? ''} % by ${discount.tenantId === null ? "the operator's" : 'your'} discount ${discount.priceId} for ${namesOf(discount)}.`;
  return `${words}${hours}${less}`;
}

function namesOf({ providerId, modelPattern, modelMatch, serviceTier }: StoredPrice): string {
  const model =
    'equals' in (modelMatch as OwnMatch)
      ? `the exact model name "${modelPattern}"`
      : `model names like "${modelPattern}"`;
  const provider = providerId === '*' ? 'any provider' : `provider "${providerId}"`;
  return `${model} of ${provider} in ${serviceTier === '*' ? 'any service tier' : `service tier "${serviceTier}"`}`;
}

/** Whose a row is. */
export function rankOf(price: StoredPrice): Rank {
  return price.kind === 'list' ? 'list' : price.tenantId === null ? 'everyone' : 'tenant';
}
