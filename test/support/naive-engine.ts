/**
 * The commission rules once more, written from commission-models.md without a look at src/: slow, with fractions of any size,
 * one sentence of the text per step. It imports nothing of the product, so that both can only agree by being right.
 */

type Fraction = { readonly n: bigint; readonly d: bigint };

export type NaiveRule = {
  name: string;
  symbol?: string | undefined;
  symbolGroup?: string | undefined;
  accountGroup?: string | undefined;
  budget: string;
};
export type NaiveLevels =
  | { kind: 'differential'; suspension: 'roll-up' | 'house' }
  | { kind: 'fixed_by_level'; unit: 'percent'; levels: string[] }
  | { kind: 'fixed_by_level'; unit: 'amount'; levels: string[]; scaling: boolean };
export type NaiveComponent = {
  name: string;
  model: { kind: 'per_lot' };
  levels: NaiveLevels;
  rules: NaiveRule[];
  traderRebate?: string | undefined;
  filters?: { kind: 'minimum_time_open'; seconds: number }[] | undefined;
};
export type NaivePlan = { currency: string; components: NaiveComponent[] };
export type NaiveTerm = { component?: string | undefined; rule?: string | undefined; rate: string };

/** An IB of the chain with the terms of its agreement; undefined where it has none. */
export type NaiveLink = {
  ibKey: number;
  status: 'active' | 'suspended' | 'terminated';
  terms: NaiveTerm[] | undefined;
};

/** One trade in plain words: lots and factor as decimal text, instants in ms, the client's own IB first. */
export type NaiveFacts = {
  clientKey: number;
  lots: string;
  lotFactor: string;
  symbol: string;
  symbolGroup: string;
  accountGroup: string;
  openedAtMs: number | undefined;
  closedAtMs: number;
  timesHaveMs: boolean;
  plan: NaivePlan | undefined;
  chain: NaiveLink[];
};

export type NaiveRebate = { component: number; kind: 'ib' | 'client' | 'house'; beneficiary: number; units: bigint };
export type NaiveOutcome =
  | { kind: 'booked'; earningUnits: bigint; rebates: NaiveRebate[] }
  | { kind: 'unpaid'; reason: string }
  | { kind: 'parked'; code: string };

const zero: Fraction = { n: 0n, d: 1n };
const plus = (a: Fraction, b: Fraction): Fraction => ({ n: a.n * b.d + b.n * a.d, d: a.d * b.d });
const minus = (a: Fraction, b: Fraction): Fraction => ({ n: a.n * b.d - b.n * a.d, d: a.d * b.d });
const times = (a: Fraction, b: Fraction): Fraction => ({ n: a.n * b.n, d: a.d * b.d });
const over = (a: Fraction, b: Fraction): Fraction => ({ n: a.n * b.d, d: a.d * b.n });
const isAbove = (a: Fraction, b: Fraction): boolean => a.n * b.d > b.n * a.d;
const sum = (all: Fraction[]): Fraction => all.reduce(plus, zero);

function read(text: string): Fraction {
  const [whole = '0', part = ''] = text.split('.');
  return { n: BigInt(whole + part), d: BigInt(`1${'0'.repeat(part.length)}`) };
}

/** Half to even: the text's only rounding. Everything here is at least 0. */
function round({ n, d }: Fraction): bigint {
  const floor = n / d;
  const rest = n % d;
  if (rest * 2n === d) return floor % 2n === 0n ? floor : floor + 1n;
  return rest * 2n > d ? floor + 1n : floor;
}

/** "Minor unit exponent + 4 decimals (USD 6, JPY 4, KWD 7; crypto assets 8)." */
function ledgerUnitsOfOne(currency: string): Fraction {
  const digits = ['BTC', 'ETH', 'USDT', 'USDC'].includes(currency)
    ? 8
    : currency === 'JPY'
      ? 4
      : currency === 'KWD'
        ? 7
        : 6;
  return { n: 10n ** BigInt(digits), d: 1n };
}

/** What a trade must come to, rebates in the order client's IB, client, IBs upward, house, by component. */
export function naiveEngine(facts: NaiveFacts): NaiveOutcome {
  const { plan } = facts;
  if (facts.chain.length === 0) return { kind: 'unpaid', reason: 'client_without_ib' };
  if (plan === undefined) return { kind: 'unpaid', reason: 'no_plan' };
  if (read(facts.lots).n === 0n) return { kind: 'unpaid', reason: 'volume_zero' };
  const outcomes = plan.components.map((component, place) => ofComponent(facts, plan.currency, component, place));
  const parked = outcomes.find(({ code }) => code !== undefined)?.code;
  if (parked !== undefined) return { kind: 'parked', code: parked };
  const rebates = outcomes.flatMap((outcome) => outcome.rebates);
  const earningUnits = outcomes.reduce((total, outcome) => total + outcome.earning, 0n);
  if (earningUnits > 0n) return { kind: 'booked', earningUnits, rebates };
  const reasons = outcomes.map(({ reason }) => reason ?? '');
  return { kind: 'unpaid', reason: reasons.filter((reason) => reason !== 'symbol_unmatched')[0] ?? 'symbol_unmatched' };
}

type Part = { earning: bigint; rebates: NaiveRebate[]; reason?: string; code?: string };
const nothing = (reason: string): Part => ({ earning: 0n, rebates: [], reason });

function ofComponent(facts: NaiveFacts, currency: string, component: NaiveComponent, place: number): Part {
  const rule = component.rules.filter(
    (one) =>
      [one.symbol ?? facts.symbol, one.symbolGroup ?? facts.symbolGroup, one.accountGroup ?? facts.accountGroup].join(
        '\n',
      ) === [facts.symbol, facts.symbolGroup, facts.accountGroup].join('\n'),
  )[0];
  if (rule === undefined) return nothing('symbol_unmatched');
  for (const { seconds } of component.filters ?? []) {
    if (facts.openedAtMs === undefined) return { earning: 0n, rebates: [], code: 'commissions.open_unknown' };
    const unit = facts.timesHaveMs ? 1 : 1000;
    const units = Math.floor(facts.closedAtMs / unit) - Math.floor(facts.openedAtMs / unit);
    if (units < 0) return { earning: 0n, rebates: [], code: 'commissions.open_unknown' };
    if (units < (seconds * 1000) / unit) return nothing('below_minimum_time');
  }
  const budget = read(rule.budget);
  if (budget.n === 0n) return nothing('rate_zero');
  const counted = times(read(facts.lots), read(facts.lotFactor));
  if (counted.n === 0n) return nothing('group_counts_nothing');
  const earning = times(times(counted, budget), ledgerUnitsOfOne(currency)); // E, in ledger units, not rounded.
  const rounded = round(earning);
  if (rounded === 0n) return nothing('below_ledger_unit');
  const parts = partsOf(facts.chain, component, rule, budget).map((share) => times(earning, share));
  return { earning: rounded, rebates: roundParts(facts, parts, rounded, component, place) };
}

/** Part i = round(sum to i) - round(sum to i-1); the house has the rest; the trader rebate is cut from the rounded first part. */
function roundParts(
  facts: NaiveFacts,
  parts: Fraction[],
  rounded: bigint,
  component: NaiveComponent,
  place: number,
): NaiveRebate[] {
  const rebates: NaiveRebate[] = [];
  parts.forEach((_, depth) => {
    const units = round(sum(parts.slice(0, depth + 1))) - round(sum(parts.slice(0, depth)));
    const p = over(read(component.traderRebate ?? '0'), read('100'));
    const rebate = depth === 0 ? round(times({ n: units, d: 1n }, p)) : 0n;
    rebates.push({ component: place, kind: 'ib', beneficiary: facts.chain[depth]?.ibKey ?? -1, units: units - rebate });
    rebates.push({ component: place, kind: 'client', beneficiary: facts.clientKey, units: rebate });
  });
  rebates.push({ component: place, kind: 'house', beneficiary: 0, units: rounded - round(sum(parts)) });
  return rebates.filter(({ units }) => units !== 0n);
}

/** What share of E each IB of the chain gets, after suspension. */
function partsOf(chain: NaiveLink[], component: NaiveComponent, rule: NaiveRule, budget: Fraction): Fraction[] {
  const { levels } = component;
  if (levels.kind === 'differential') {
    const rateOf = ({ terms }: NaiveLink): Fraction =>
      read(
        (terms ?? []).filter(
          (term) => (term.component ?? component.name) === component.name && (term.rule ?? rule.name) === rule.name,
        )[0]?.rate ?? '0',
      );
    return chain.map((link, depth) => {
      if (link.status !== 'active') return zero;
      const below = chain.slice(0, depth).filter(({ status }) => status === 'active' || levels.suspension === 'house');
      const highest = below.map(rateOf).reduce((top, rate) => (isAbove(rate, top) ? rate : top), zero);
      const difference = minus(rateOf(link), highest);
      return isAbove(difference, zero) ? over(difference, budget) : zero;
    });
  }
  const shares = levels.levels.map((level) => over(read(level), levels.unit === 'percent' ? read('100') : budget));
  const all = sum(shares);
  const factor =
    levels.unit === 'amount' && levels.scaling && isAbove(all, read('1')) ? over(read('1'), all) : read('1');
  const parts = chain.map(() => zero);
  chain.forEach((_, depth) => {
    const receiver = chain.findIndex(({ status }, above) => above >= depth && status === 'active');
    if (receiver >= 0) parts[receiver] = plus(parts[receiver] ?? zero, times(shares[depth] ?? zero, factor));
  });
  return parts;
}
