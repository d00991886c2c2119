import type { Currency } from '../../kernel/currency.ts';
import { formatAmount } from '../../kernel/money.ts';
import type { Both, Compared, Line, MonthSum, Share, Side } from './types.ts';

const RANGE_DAYS_MAX = 366;
const DAY_MS = 86_400_000;
const BREACHES_TOLD_MAX = 1_000;

/** What forbids a range: it ends before it begins, or is too long. */
export function rangeFault(fromMs: number, toMs: number): 'empty' | 'long' | undefined {
  if (fromMs >= toMs) return 'empty';
  return toMs - fromMs > RANGE_DAYS_MAX * DAY_MS ? 'long' : undefined;
}

/** The reason of a trade that would take more than its budget: refused when a plan is published, so that none should. */
const BREACH = 'commissions.rate_above_budget';

/**
 * What a simulation adds up, trade by trade. It holds sums by IB, level, symbol and month, never trades: its size is bounded by
 * the IBs and symbols times the months.
 */
export class Tally {
  trades = 0;
  changed = 0;
  breaches = 0;
  readonly breachingDeals: { readonly dealKey: bigint; readonly symbol: string; readonly closedAtMs: number }[] = [];
  readonly #months = new Map<string, MonthSum>();
  readonly #lines = {
    ib: new Map<string, Line>(),
    level: new Map<string, Line>(),
    symbol: new Map<string, Line>(),
  };
  readonly #reasons = new Map<string, { live: number; assumed: number }>();
  readonly #untold = { revenue: 0 };

  /** Adds a trade. */
  add(trade: Compared, counts: { readonly revenue: boolean }): void {
    this.trades += 1;
    const { month } = trade;
    this.#addSide(trade, trade.live, 'live');
    this.#addSide(trade, trade.assumed, 'assumed');
    if (isOther(trade.live, trade.assumed)) this.changed += 1;
    const { currency } = trade.revenue ?? trade.assumed;
    if (currency !== null) this.#month(month, currency).trades += 1;
    if (trade.revenue !== undefined) this.#month(month, trade.revenue.currency).revenue += trade.revenue.units;
    else if (counts.revenue) this.#untold.revenue += 1;
    if (trade.assumed.reason === BREACH) this.#breach(trade);
  }

  /** Trades of which nobody told what spread or commission came to. */
  get revenueUntold(): number {
    return this.#untold.revenue;
  }

  lines(of: 'ib' | 'level' | 'symbol'): Line[] {
    return [...this.#lines[of].values()].toSorted(byName);
  }

  months(): MonthSum[] {
    return [...this.#months.values()].toSorted((left, right) => compare(keyOf(left), keyOf(right)));
  }

  /** How many trades pay nothing or wait, by reason, as booked and as assumed. */
  reasons(): { readonly reason: string; readonly live: number; readonly assumed: number }[] {
    return [...this.#reasons]
      .map(([reason, both]) => ({ reason, ...both }))
      .toSorted((left, right) => compare(left.reason, right.reason));
  }

  #addSide({ month, symbol }: Compared, side: Side, which: keyof Both): void {
    if (side.reason !== null) {
      const reason = this.#reasons.get(side.reason) ?? { live: 0, assumed: 0 };
      reason[which] += 1;
      this.#reasons.set(side.reason, reason);
    }
    const { currency } = side;
    if (currency === null) return;
    const sum = this.#month(month, currency);
    const parts = { ib: sum.ibs, client: sum.clients, house: sum.house };
    for (const { kind, beneficiary, depth, units } of side.shares) {
      parts[kind][which] += units;
      sum.earned[which] += units;
      if (kind !== 'ib') continue;
      this.#line('ib', String(beneficiary), month, currency)[which] += units;
      this.#line('level', String(depth), month, currency)[which] += units;
    }
    this.#line('symbol', symbol, month, currency)[which] += paidOf(side.shares);
  }

  #month(month: string, currency: Currency): MonthSum {
    const name = `${month} ${currency}`;
    let sum = this.#months.get(name);
    if (sum === undefined) {
      const nothing = (): Both => ({ live: 0n, assumed: 0n });
      sum = {
        month,
        currency,
        earned: nothing(),
        ibs: nothing(),
        clients: nothing(),
        house: nothing(),
        revenue: 0n,
        trades: 0,
      };
      this.#months.set(name, sum);
    }
    return sum;
  }

  #line(of: 'ib' | 'level' | 'symbol', name: string, month: string, currency: Currency): Line {
    const key = `${name} ${month} ${currency}`;
    let line = this.#lines[of].get(key);
    if (line === undefined) this.#lines[of].set(key, (line = { name, month, currency, live: 0n, assumed: 0n }));
    return line;
  }

  #breach({ dealKey, symbol, closedAtMs }: Compared): void {
    this.breaches += 1;
    if (this.breachingDeals.length < BREACHES_TOLD_MAX) this.breachingDeals.push({ dealKey, symbol, closedAtMs });
  }
}

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
const keyOf = ({ month, currency }: MonthSum): string => `${month} ${currency}`;
const byName = (left: Line, right: Line): number =>
  left.name.length - right.name.length || compare(left.name, right.name) || compare(left.month, right.month);

/** What leaves the house. */
const paidOf = (shares: readonly Share[]): bigint =>
  shares.reduce((sum, { kind, units }) => (kind === 'house' ? sum : sum + units), 0n);

/** What each beneficiary has in all, whatever the components. */
function whole(shares: readonly Share[]): string {
  const sums = new Map<string, bigint>();
  for (const { kind, beneficiary, units } of shares)
    sums.set(`${kind} ${beneficiary}`, (sums.get(`${kind} ${beneficiary}`) ?? 0n) + units);
  return [...sums]
    .filter(([, units]) => units !== 0n)
    .map((pair) => pair.join(' '))
    .toSorted()
    .join();
}

const isOther = (live: Side, assumed: Side): boolean =>
  live.reason !== assumed.reason ||
  whole(live.shares) !== whole(assumed.shares) ||
  (live.shares.length > 0 && live.currency !== assumed.currency);

/** What an amount is, would be, and how much that changes. */
export const bothShown = ({ live, assumed }: Both, currency: Currency) => ({
  live: formatAmount({ units: live, currency }),
  assumed: formatAmount({ units: assumed, currency }),
  change: formatAmount({ units: assumed - live, currency }),
});

/** Months of one currency, added up. */
export function totalsOf(months: readonly MonthSum[]): MonthSum[] {
  const totals = new Map<Currency, MonthSum>();
  for (const each of months) {
    const known = totals.get(each.currency);
    if (known === undefined) {
      totals.set(each.currency, { ...structuredClone(each), month: 'all' });
      continue;
    }
    for (const name of ['earned', 'ibs', 'clients', 'house'] as const) {
      known[name].live += each[name].live;
      known[name].assumed += each[name].assumed;
    }
    known.revenue += each.revenue;
    known.trades += each.trades;
  }
  return [...totals.values()];
}

/** Who gains and who loses most, of the sums over all months. */
export function extremesOf(lines: readonly Line[], count: number): { winners: Line[]; losers: Line[] } {
  const sums = new Map<string, Line>();
  for (const line of lines) {
    const name = `${line.name} ${line.currency}`;
    const known = sums.get(name);
    if (known === undefined) sums.set(name, { ...line, month: 'all' });
    else {
      known.live += line.live;
      known.assumed += line.assumed;
    }
  }
  const changes = [...sums.values()].toSorted((left, right) => {
    const difference = right.assumed - right.live - (left.assumed - left.live);
    return difference > 0n ? 1 : difference < 0n ? -1 : 0;
  });
  return {
    winners: changes.filter(({ live, assumed }) => assumed > live).slice(0, count),
    losers: changes
      .filter(({ live, assumed }) => assumed < live)
      .toReversed()
      .slice(0, count),
  };
}

/** What is left to the broker of a month: the spread and commission that were told, less what IBs and clients get of it. */
export const marginOf = ({ revenue, ibs, clients }: MonthSum): Both => ({
  live: revenue - ibs.live - clients.live,
  assumed: revenue - ibs.assumed - clients.assumed,
});
