import { createClients, openAccounts } from '../../../src/clients/index.ts';
import { linkClients } from '../../../src/ib/index.ts';
import { Currency } from '../../../src/kernel/currency.ts';
import { mapSymbols, type RawDeal, rerunParked } from '../../../src/trading/index.ts';
import type { Random } from '../../../simulators/mt-server/index.ts';
import { DEMO_SYMBOLS } from '../../../seeds/market.ts';
import type { NaiveFacts } from '../../../src/commissions/naive/engine.ts';
import type { Broker } from './broker.ts';
import { text } from './market.ts';

/** Of the closing deals. */
const POISON_PER_CENT = 1;
const UNKNOWN_SYMBOL = 'NOSUCH.x';
const UNKNOWN_LOGIN = 999_999_999n;
const NEWCOMERS_IB = 3;
const USD = Currency.parse('USD');
const RERUN_MAX = 1_000;

/** What can be wrong with a closing deal, and what is said of it: the first two are mended by a mapping. */
const POISONS: readonly { readonly spoil: (deal: RawDeal) => RawDeal; readonly code: string }[] = [
  { spoil: (deal) => ({ ...deal, Symbol: UNKNOWN_SYMBOL }), code: 'trading.symbol_unknown' },
  { spoil: (deal) => ({ ...deal, Login: String(UNKNOWN_LOGIN) }), code: 'trading.account_unknown' },
  { spoil: (deal) => ({ ...deal, Volume: null, VolumeClosed: null }), code: 'trading.volume_missing' },
  { spoil: (deal) => ({ ...deal, Price: '99999999999.99' }), code: 'trading.price_implausible' },
];

/** Spoils a share of the deals that close volume by turns, and notes what is to be said of each. */
export function spoiled(deals: readonly RawDeal[], parked: Map<string, string>, random: Random): RawDeal[] {
  return deals.map((deal) => {
    const closes = deal['Entry'] === 1;
    if (!closes || !random.chance(POISON_PER_CENT / 100)) return deal;
    const poison = POISONS[parked.size % POISONS.length];
    if (poison === undefined) return deal;
    parked.set(text(deal, 'Deal'), poison.code);
    return poison.spoil(deal);
  });
}

/** Maps the unknown symbol and opens the unknown account; gives what is now right of the deals that waited for it. */
export async function mend({
  inTenant,
  market,
  seed,
  canary,
}: Broker): Promise<ReadonlyMap<string, Partial<NaiveFacts>>> {
  const [like] = DEMO_SYMBOLS;
  const [group] = seed.groups;
  if (like === undefined || group === undefined) throw new Error('the seeds have symbols and groups');
  const clientKey = await inTenant(async (tx) => {
    const server = seed.server.name;
    await mapSymbols(tx, { server, symbols: [{ ...like, rawName: UNKNOWN_SYMBOL }], validFrom: seed.validFrom });
    const [client] = await createClients(tx, [{ name: `${canary} Newcomer` }]);
    if (client === undefined) throw new Error('a client was asked for');
    await linkClients(tx, [{ clientKey: client.key, ibKey: market.ibKey(NEWCOMERS_IB), validFrom: seed.validFrom }]);
    await openAccounts(tx, [{ login: UNKNOWN_LOGIN, group: group.name, currency: USD, clientKey: client.key, server }]);
    return client.key;
  });
  return new Map<string, Partial<NaiveFacts>>([
    ['trading.symbol_unknown', { symbol: like.symbol, symbolGroup: like.symbolGroup }],
    [
      'trading.account_unknown',
      { clientKey, accountGroup: group.name, lotFactor: group.lotFactor, chain: market.chainOf(NEWCOMERS_IB) },
    ],
  ]);
}

/** Looks at all that waits once more, as the operator's command does. */
export async function rerunAll({ inTenant }: Broker): Promise<void> {
  let after: bigint | undefined = 0n;
  while (after !== undefined) {
    const from: bigint = after;
    after = (await inTenant((tx) => rerunParked(tx, { max: RERUN_MAX, after: from }))).next;
  }
}
