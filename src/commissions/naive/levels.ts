import type { NaiveComponent, NaiveLevels, NaiveLink, NaiveRule } from './types.ts';
import { type Fraction, isAbove, minus, over, plus, read, sum, times, zero } from './fractions.ts';

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
export function naiveParts(
  chain: NaiveLink[],
  component: NaiveComponent,
  rule: NaiveRule,
  budget: Fraction,
): Fraction[] {
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
