import type { SeedBrokerage, SeededBrokerage } from '../../../seeds/brokerage.ts';
import { Currency } from '../../kernel/currency.ts';
import { formatDecimal } from '../../kernel/decimal.ts';
import type { TenantId } from '../../kernel/ids.ts';
import { formatAmount } from '../../kernel/money.ts';
import {
  type BeneficiaryTotal,
  beneficiaryTotals,
  type EarningTotal,
  earningTotals,
  unpaidTotals,
} from '../../commissions/index.ts';
import { closingDeals, parkedCounts, parkedDeals } from '../../trading/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { Fed } from './feeding.ts';
import type { Installation } from './installation.ts';

/** Rebates of one kind, in one currency. */
export type Earned = { readonly rebates: number; readonly amount: string; readonly currency: Currency };

/** One IB: `clients`, `trades` and `lots` are its own clients' alone, rebates and amount those of all trades below it. */
export type IbFigures = Earned & {
  readonly ib: string;
  readonly parent: string | null;
  readonly depth: number;
  readonly clients: number;
  readonly trades: number;
  readonly lots: string;
};

/** What became of the trades; amounts are exact texts. */
export type Figures = {
  /** Deals that close volume: each is paid, or unpaid for a reason, or parked. */
  readonly trades: number;
  readonly paid: number;
  readonly unpaid: Readonly<Record<string, number>>;
  readonly parked: readonly { readonly code: string; readonly count: number; readonly example: string }[];
  readonly rebates: number;
  readonly perIb: readonly IbFigures[];
  readonly traderRebates: readonly Earned[];
  readonly house: readonly Earned[];
  readonly earned: readonly { readonly amount: string; readonly currency: Currency }[];
};

/** Not the plan's doing: the account's group, or why the platform made the deal. */
const NEVER_PAID = 'group_or_reason_never_pays';
const LOT_DIGITS = 8;
const PAGE = 10_000;
const USD = Currency.parse('USD');

/** Reads what the feed came to: everything from the tenant's database but the lots of each IB's own clients. */
export const readFigures = (
  { deps }: Installation,
  tenantId: TenantId,
  brokerage: { readonly seed: SeedBrokerage; readonly seeded: SeededBrokerage; readonly fed: Fed },
): Promise<Figures> =>
  deps.platform.tenancy.withTenant(tenantId, { actor: 'demo', causation: 'figures' }, async (tx) => {
    const totals = await beneficiaryTotals(tx);
    const earnings = await earningTotals(tx);
    const unpaid = await unpaidTotals(tx);
    const { trades, booked, neverPaid } = await countTrades(tx);
    return {
      trades,
      paid: booked - unpaid.reduce((sum, { bookings }) => sum + bookings, 0),
      unpaid: {
        ...Object.fromEntries(unpaid.map(({ reason, bookings }) => [reason, bookings])),
        ...(neverPaid > 0 && { [NEVER_PAID]: neverPaid }),
      },
      parked: await parkedFigures(tx),
      rebates: totals.reduce((sum, { rebates }) => sum + rebates, 0),
      perIb: perIb(totals, brokerage),
      traderRebates: sumOfKind(totals, 'client'),
      house: sumOfKind(totals, 'house'),
      earned: earnings.filter(({ earningUnits }) => earningUnits > 0n).map(earnedOf),
    };
  });

const earnedOf = ({ earningUnits, currency }: EarningTotal) => ({
  amount: formatAmount({ units: earningUnits, currency }),
  currency,
});

async function countTrades(tx: TenantTx) {
  const counts = { trades: 0, booked: 0, neverPaid: 0 };
  for (let after = 0n; ;) {
    const page = await closingDeals(tx, { after, limit: PAGE });
    counts.trades += page.length;
    for (const { state } of page) {
      if (state === 'handed_on') counts.booked += 1;
      if (state === 'unpaid') counts.neverPaid += 1;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return counts;
    after = last.dealKey;
  }
}

async function parkedFigures(tx: TenantTx): Promise<Figures['parked']> {
  const found = [];
  for (const [code, count] of await parkedCounts(tx)) {
    const [first] = await parkedDeals(tx, { code, limit: 1 });
    found.push({
      code,
      count,
      example: first === undefined ? '' : `deal ${first.ticket}${first.detail === '' ? '' : `: ${first.detail}`}`,
    });
  }
  return found;
}

function perIb(
  totals: readonly BeneficiaryTotal[],
  { seed, seeded, fed }: { readonly seed: SeedBrokerage; readonly seeded: SeededBrokerage; readonly fed: Fed },
): IbFigures[] {
  const depths: number[] = [];
  const figures = seed.ibs.map(({ name, parent }, place) => {
    depths[place] = parent === null ? 0 : (depths[parent] ?? 0) + 1;
    const own = seed.clients.filter(({ ib }) => ib === place);
    const traded = own.flatMap(({ accounts }) => accounts.flatMap(({ login }) => fed.byLogin.get(login) ?? []));
    const earned = totals.filter(({ kind, beneficiary }) => kind === 'ib' && beneficiary === seeded.ibs[place]?.key);
    const who = {
      ib: name,
      parent: parent === null ? null : (seed.ibs[parent]?.name ?? null),
      depth: depths[place] ?? 0,
      clients: own.length,
      trades: traded.reduce((sum, { trades }) => sum + trades, 0),
      lots: formatDecimal({ coefficient: traded.reduce((sum, { lots }) => sum + lots, 0n), scale: LOT_DIGITS }, 2),
    };
    const sums = earned.map((total) => ({ ...who, ...sumOf(total) }));
    return sums.length === 0 ? [{ ...who, rebates: 0, amount: '0.00', currency: USD }] : sums;
  });
  return inTreeOrder(seed, figures);
}

/** Each IB before those below it, as a tree is read. */
function inTreeOrder(seed: SeedBrokerage, figures: readonly IbFigures[][]): IbFigures[] {
  const below = (parent: number | null): IbFigures[] =>
    seed.ibs.flatMap((ib, place) => (ib.parent === parent ? [...(figures[place] ?? []), ...below(place)] : []));
  return below(null);
}

const sumOf = ({ rebates, units, currency }: Pick<BeneficiaryTotal, 'rebates' | 'units' | 'currency'>): Earned => ({
  rebates,
  amount: formatAmount({ units, currency }),
  currency,
});

function sumOfKind(totals: readonly BeneficiaryTotal[], kind: BeneficiaryTotal['kind']): Earned[] {
  const sums = new Map<Currency, { rebates: number; units: bigint; currency: Currency }>();
  for (const total of totals) {
    if (total.kind !== kind) continue;
    const sum = sums.get(total.currency) ?? { rebates: 0, units: 0n, currency: total.currency };
    sums.set(total.currency, { ...sum, rebates: sum.rebates + total.rebates, units: sum.units + total.units });
  }
  return [...sums.values()].map(sumOf);
}
