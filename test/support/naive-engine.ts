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
  | { kind: 'fixed_by_level'; unit: 'amount'; levels: string[]; scaling: boolean }
  | { kind: 'share_up'; shares: string[] }
  | { kind: 'rank_slots'; unit: 'percent' | 'amount'; ranks: { name: string; slot: string }[] }
  | { kind: 'additive_override'; overrides: string[] }
  | { kind: 'pool'; weights: number[]; lacking: 'others' | 'house' };
export type NaiveComponent = {
  name: string;
  model: { kind: 'per_lot' };
  levels: NaiveLevels;
  rules: NaiveRule[];
  traderRebate?: string | undefined;
  filters?: { kind: 'minimum_time_open'; seconds: number }[] | undefined;
};
export type NaivePlan = { currency: string; components: NaiveComponent[] };
export type NaiveTerm =
  | { component?: string | undefined; rule?: string | undefined; rate: string }
  | { component?: string | undefined; rank: string };

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

/** The rate of an IB's agreement for a rule: the first term that names it, or nothing. */
function rateOf({ terms }: NaiveLink, component: NaiveComponent, rule: NaiveRule): Fraction {
  for (const term of terms ?? [])
    if (
      'rate' in term &&
      [component.name, undefined].includes(term.component) &&
      [rule.name, undefined].includes(term.rule)
    )
      return read(term.rate);
  return zero;
}

/** What share of E each IB of the chain gets, after suspension. */
function partsOf(chain: NaiveLink[], component: NaiveComponent, rule: NaiveRule, budget: Fraction): Fraction[] {
  const { levels } = component;
  if (levels.kind === 'differential') return differences(chain, component, rule, budget, levels.suspension);
  if (levels.kind === 'rank_slots') return slotsTaken(chain, component.name, levels, budget);
  const shares =
    levels.kind === 'fixed_by_level'
      ? fixedShares(levels, budget)
      : levels.kind === 'share_up'
        ? passedUp(levels.shares, chain.length)
        : levels.kind === 'pool'
          ? poolShares(levels, chain.length)
          : chain[0] === undefined
            ? []
            : overrides(over(rateOf(chain[0], component, rule), budget), levels.overrides, chain.length);
  return moved(chain, shares);
}

/** "The part is computed as if the IB were active and then moved to the next active IB above, else to the house." */
function moved(chain: NaiveLink[], shares: Fraction[]): Fraction[] {
  const parts = chain.map(() => zero);
  chain.forEach((_, depth) => {
    const receiver = chain.findIndex(({ status }, above) => above >= depth && status === 'active');
    if (receiver >= 0) parts[receiver] = plus(parts[receiver] ?? zero, shares[depth] ?? zero);
  });
  return parts;
}

function differences(
  chain: NaiveLink[],
  component: NaiveComponent,
  rule: NaiveRule,
  budget: Fraction,
  suspension: 'roll-up' | 'house',
): Fraction[] {
  return chain.map((link, depth) => {
    if (link.status !== 'active') return zero;
    const below = chain.slice(0, depth).filter(({ status }) => status === 'active' || suspension === 'house');
    const highest = below
      .map((one) => rateOf(one, component, rule))
      .reduce((top, rate) => (isAbove(rate, top) ? rate : top), zero);
    const difference = minus(rateOf(link, component, rule), highest);
    return isAbove(difference, zero) ? over(difference, budget) : zero;
  });
}

function fixedShares(levels: NaiveLevels & { kind: 'fixed_by_level' }, budget: Fraction): Fraction[] {
  const shares = levels.levels.map((level) => over(read(level), levels.unit === 'percent' ? read('100') : budget));
  const all = sum(shares);
  const factor =
    levels.unit === 'amount' && levels.scaling && isAbove(all, read('1')) ? over(read('1'), all) : read('1');
  return shares.map((share) => times(share, factor));
}

/** "Each level passes a share of what it got", the last share repeats; the top has nobody to pass to. */
function passedUp(shares: string[], levels: number): Fraction[] {
  const kept: Fraction[] = [];
  let got = read('1');
  for (let depth = 0; depth < levels; depth += 1) {
    const share = depth === levels - 1 ? zero : over(read(shares[depth] ?? shares.at(-1) ?? '0'), read('100'));
    kept.push(minus(got, times(got, share)));
    got = times(got, share);
  }
  return kept;
}

/** "Bronze takes 1; the next Gold takes the unclaimed Silver and Gold." A suspended IB is passed over. */
function slotsTaken(
  chain: NaiveLink[],
  component: string,
  levels: NaiveLevels & { kind: 'rank_slots' },
  budget: Fraction,
): Fraction[] {
  const claimed = new Set<string>();
  const names = levels.ranks.map(({ name }) => name);
  return chain.map(({ status, terms }) => {
    const mine = (terms ?? []).flatMap((term) =>
      'rank' in term && [component, undefined].includes(term.component) && names.includes(term.rank) ? [term.rank] : [],
    )[0];
    if (status !== 'active' || mine === undefined) return zero;
    const free = levels.ranks.slice(0, names.indexOf(mine) + 1).filter(({ name }) => !claimed.has(name));
    for (const { name } of free) claimed.add(name);
    return over(sum(free.map(({ slot }) => read(slot))), levels.unit === 'percent' ? read('100') : budget);
  });
}

/** "The parent gets x % on top of the child's earning, the child keeps all"; one that E does not cover is not paid, nor any above it. */
function overrides(own: Fraction, percentages: string[], levels: number): Fraction[] {
  const parts = [own];
  while (parts.length < levels) {
    const percentage = percentages[parts.length - 1] ?? percentages.at(-1) ?? '0';
    const next = times(parts.at(-1) ?? zero, over(read(percentage), read('100')));
    if (isAbove(plus(sum(parts), next), read('1'))) break;
    parts.push(next);
  }
  return parts;
}

/** Weights of the levels; those that the chain lacks fall to the others or to the house. */
function poolShares({ weights, lacking }: NaiveLevels & { kind: 'pool' }, levels: number): Fraction[] {
  const present = weights.slice(0, levels);
  const all = (lacking === 'others' ? present : weights).reduce((total, weight) => total + weight, 0);
  return present.map((weight) => (all === 0 ? zero : over(read(String(weight)), read(String(all)))));
}
