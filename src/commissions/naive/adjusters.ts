import { type Fraction, isAbove, minus, over, read, round, times, inUnits, zero } from './fractions.ts';
import { naivelyConverted } from './models.ts';
import type { NaiveAdjuster, NaiveComponent, NaiveFacts, NaivePlan } from './types.ts';

/** "Order: … volume rule, base …, clamp, coefficient, tier, cap": whatever order a plan lists them in. */
const ORDER = ['hedged_volume', 'clamp', 'credit_coefficient', 'tier', 'cap'];

/** The adjusters of a component in their order, each with its part of what the trade saw of the counts. */
export function withSight(
  component: NaiveComponent,
  saw: readonly bigint[],
): { adjuster: NaiveAdjuster; saw: bigint[] }[] {
  let from = 0;
  return ORDER.flatMap((kind) => (component.adjusters ?? []).filter((one) => one.kind === kind)).map((adjuster) => {
    const mine = saw.slice(from, (from += looksAt(adjuster)));
    if (mine.length < looksAt(adjuster)) throw new Error(`what ${adjuster.kind} saw is not told`);
    return { adjuster, saw: mine };
  });
}

/** Long and short; the count of a tier, and of active clients whether this one is among them; what a cap was used by. */
export function looksAt(adjuster: NaiveAdjuster): number {
  if (adjuster.kind === 'hedged_volume') return 2;
  if (adjuster.kind === 'tier') return adjuster.by === 'active_clients' ? 2 : 1;
  return adjuster.kind === 'cap' && adjuster.of !== 'order' ? 1 : 0;
}

/** Counts of volume have twelve decimals. */
const FINE = 10n ** 12n;
export const counted = (amount: Fraction): bigint => round(times(amount, inUnits(FINE)));

/** "A trade counts by how much it raises max(long, short) in the calendar month": which part of its lots, or why none. */
export function hedgedPart(facts: NaiveFacts, [long = 0n, short = 0n]: readonly bigint[]): Fraction | string {
  if (facts.execution === undefined) return 'commissions.price_unknown';
  const lots = counted(read(facts.lots));
  const [longer, shorter] = facts.execution.side === 'buy' ? [long + lots, short] : [long, short + lots];
  const most = (one: bigint, other: bigint): bigint => (one > other ? one : other);
  const raise = most(longer, shorter) - most(long, short);
  return raise === 0n ? 'volume_hedged' : { n: raise, d: lots };
}

/** What a trade is computed with: its amount in plan currency, how much of its lots count, the rate of the rule. */
export type NaiveAmount = {
  readonly amount: Fraction;
  readonly part: Fraction;
  readonly budget: Fraction;
  readonly unitsOfOne: Fraction;
  /** Computed once more by the tier that its period came to. */
  readonly again: boolean;
};

/** What one adjuster leaves of an amount; or why nothing is left, or why the trade waits. */
export function adjusted(
  facts: NaiveFacts,
  plan: NaivePlan,
  adjuster: NaiveAdjuster,
  saw: readonly bigint[],
  given: NaiveAmount,
): Fraction | string {
  const { amount, part } = given;
  if (adjuster.kind === 'clamp') {
    const each = adjuster.per === 'lot' ? times(read(facts.lots), part) : read('1');
    if (adjuster.least !== undefined && isAbove(times(read(adjuster.least), each), amount)) return 'below_least_amount';
    const most = adjuster.most === undefined ? amount : times(read(adjuster.most), each);
    return isAbove(amount, most) ? most : amount;
  }
  if (adjuster.kind === 'credit_coefficient') {
    const coefficient = coefficientOf(facts, adjuster.stateAgeHoursMax);
    if (typeof coefficient === 'string') return coefficient;
    if (!isAbove(read(adjuster.below ?? '0.85'), coefficient)) return amount;
    return coefficient.n === 0n ? 'all_credit' : times(amount, coefficient);
  }
  if (adjuster.kind === 'cap') {
    const most = times(read(adjuster.amount), given.unitsOfOne);
    const left = minus(most, inUnits(saw[0] ?? 0n));
    if (!isAbove(left, zero)) return 'cap_reached';
    const limit = over(left, given.unitsOfOne);
    return isAbove(amount, limit) ? limit : amount;
  }
  return adjuster.kind === 'tier' ? tiered(facts, plan, adjuster, saw, given) : amount;
}

/** "Never below 0, and 0 where equity is not above 0." */
function coefficientOf({ execution }: NaiveFacts, hoursMax: number | undefined): Fraction | string {
  const state = execution?.accountState;
  if (state === undefined || state.ageMs > (hoursMax ?? Infinity) * 60 * 60 * 1000)
    return 'commissions.account_state_unknown';
  const [equity, credit] = [read(state.equity), read(state.credit)];
  if (!isAbove(equity, zero) || !isAbove(equity, credit)) return zero;
  return over(minus(equity, credit), equity);
}

type Tier = Extract<NaiveAdjuster, { kind: 'tier' }>;

/** What a trade adds to the count of a tier: "tiers count the lots after the lot factor". */
export function countOfTier(facts: NaiveFacts, plan: NaivePlan, { by }: Tier, part: Fraction): bigint | string {
  if (by === 'deposits') return 0n;
  if (by === 'active_clients') return FINE;
  const lots = times(read(facts.lots), part);
  if (by === 'lots') return counted(times(lots, read(facts.lotFactor)));
  const { execution } = facts;
  if (execution === undefined) return 'commissions.price_unknown';
  if (execution.baseCurrency === undefined) return 'commissions.base_currency_missing';
  const units = times(lots, read(execution.contractSize));
  const dollars = naivelyConverted(units, execution.baseCurrency, 'USD', execution, plan);
  return typeof dollars === 'string' ? dollars : counted(dollars);
}

/** "Marginal", "step (rate at the trade's start)", "retroactive (whole period at the reached rate)". */
function tiered(
  facts: NaiveFacts,
  plan: NaivePlan,
  adjuster: Tier,
  saw: readonly bigint[],
  { amount, part, budget, again }: NaiveAmount,
): Fraction | string {
  const found = countOfTier(facts, plan, adjuster, part);
  if (typeof found === 'string') return found;
  const isKnown = adjuster.by === 'active_clients' && (saw[1] ?? 0n) > 0n;
  const more = isKnown ? 0n : found;
  const done = adjuster.by === 'active_clients' ? (saw[0] ?? 0n) * FINE : (saw[0] ?? 0n);
  const share = ({ rate }: { rate: string }): Fraction =>
    over(read(rate), adjuster.unit === 'percent' ? read('100') : budget);
  /** "A tier holds up to and including its limit." */
  const reaches = (upTo: string | undefined, count: bigint): boolean =>
    upTo === undefined || count <= counted(read(upTo));
  const tierAt = (count: bigint): Fraction =>
    share(adjuster.tiers.filter(({ upTo }) => reaches(upTo, count))[0] ?? { rate: '0' });
  if (again || more === 0n || adjuster.mode === 'step') return times(amount, tierAt(done));
  if (adjuster.mode === 'retroactive') return times(amount, tierAt(done + more));
  let total = zero;
  let below = done;
  for (const tier of adjuster.tiers) {
    const end = reaches(tier.upTo, done + more) ? done + more : counted(read(tier.upTo ?? '0'));
    if (end <= below) continue;
    total = {
      n: total.n * more * share(tier).d + (end - below) * share(tier).n * total.d,
      d: total.d * more * share(tier).d,
    };
    below = end;
  }
  return times(amount, total);
}
