import type { RawDeal } from '../../src/trading/index.ts';
import type { Random } from './random.ts';

/** What can be wrong with a deal that is otherwise well-formed. */
const POISONS = [
  (): RawDeal => ({ Symbol: 'NOSUCH.x' }),
  (): RawDeal => ({ Volume: null, VolumeClosed: null }),
  (): RawDeal => ({ Login: '999999999' }),
  (): RawDeal => ({ Price: '99999999999.99' }),
] as const;

/** Spoils a share of the traded deals: an unknown symbol or account, no volume, or an absurd price, by turns. */
export function* poisoned(deals: Iterable<RawDeal>, share: number, random: Random): Generator<RawDeal> {
  let count = 0;
  for (const deal of deals) {
    const isTraded = deal['Action'] === 0 || deal['Action'] === 1;
    if (!isTraded || !random.chance(share)) {
      yield deal;
      continue;
    }
    const poison = POISONS[count % POISONS.length];
    count += 1;
    yield { ...deal, ...poison?.() };
  }
}
