import type { Payable } from '../booking/types.ts';
import type { AwardPart, NewAward } from './types.ts';

/** Amounts fit a Postgres bigint. */
const UNITS_MAX = 2n ** 63n - 1n;
const ONCE_CHARACTERS_MAX = 200;
const DAY_MS = 86_400_000;

/** What forbids an award: the code, and a sentence that names the fault. */
export type AwardFault = {
  readonly code: 'commissions.award_invalid' | 'commissions.award_exceeded' | 'commissions.earning_too_large';
  readonly detail: string;
};

/** The sum of the parts of an award, in ledger units. */
const sharedOf = (parts: readonly AwardPart[]): bigint => parts.reduce((sum, { units }) => sum + units, 0n);

/** What of an award is nobody's: it stays with the house, and moves no money. */
export const houseOf = ({ units, parts }: NewAward): bigint => units - sharedOf(parts);

/** The first thing that forbids an award; undefined where nothing does. `now` is the database's time. */
export function faultOf(award: NewAward, now: Date): AwardFault | undefined {
  const { units, parts, earnedAt, clientKey, ibKey, component, once } = award;
  const invalid = (detail: string): AwardFault => ({ code: 'commissions.award_invalid', detail });
  if (units === 0n && parts.length === 0) return invalid('it awards nothing');
  if (Number.isNaN(earnedAt.getTime())) return invalid('its instant is none');
  if (earnedAt > now) return invalid(`it would be earned at ${earnedAt.toISOString()}, which lies ahead`);
  if (![clientKey, ibKey].every((key) => key === null || isKey(key)))
    return invalid('a key is no whole number above 0');
  if (!Number.isInteger(component) || component < 0) return invalid(`there is no component ${component}`);
  if (once !== undefined && (once === '' || once.length > ONCE_CHARACTERS_MAX))
    return invalid(`the name of what is earned once has not 1 to ${ONCE_CHARACTERS_MAX} characters`);
  const names = new Set<string>();
  for (const { kind, beneficiary, depth, units: part } of parts) {
    const name = `${kind} ${beneficiary}`;
    if (!isKey(beneficiary)) return invalid(`${name} is nobody`);
    if (part === 0n) return invalid(`the part of ${name} is 0`);
    if (!Number.isInteger(depth) || depth < 0) return invalid(`${name} stands at depth ${depth}`);
    if (names.has(name)) return invalid(`${name} has two parts`);
    names.add(name);
  }
  return sizeFaultOf(award);
}

/** Parts that all give may not give more than the award has, and parts that all take not take more. */
function sizeFaultOf(award: NewAward): AwardFault | undefined {
  const { units, parts } = award;
  const house = houseOf(award);
  const amounts = [units, house, ...parts.map((part) => part.units)];
  if (amounts.some((each) => each > UNITS_MAX || each < -UNITS_MAX))
    return { code: 'commissions.earning_too_large', detail: 'an amount does not fit 64 bits of ledger units' };
  if (award.isDifference === true) return undefined; // What the house gave, or gets, lies in what was awarded before.
  const gives = units >= 0n && parts.every((part) => part.units > 0n);
  const takes = units <= 0n && parts.every((part) => part.units < 0n);
  if ((gives && house < 0n) || (takes && house > 0n))
    return {
      code: 'commissions.award_exceeded',
      detail: `the award has ${units} units, its parts add up to ${sharedOf(parts)}`,
    };
  return undefined;
}

const isKey = (key: number): boolean => Number.isInteger(key) && key > 0;

/** What awards owe: one signed sum per beneficiary, currency and UTC day; sums of 0 move nothing. In the order of first appearance. */
export function payablesOfAwards(awards: readonly NewAward[]): Payable[] {
  const sums = new Map<string, { -readonly [Member in keyof Payable]: Payable[Member] }>();
  for (const { currency, earnedAt, parts } of awards) {
    const dayMs = Math.floor(earnedAt.getTime() / DAY_MS) * DAY_MS;
    for (const { kind, beneficiary, units } of parts) {
      const name = `${kind} ${beneficiary} ${currency} ${dayMs}`;
      const sum = sums.get(name);
      if (sum === undefined) sums.set(name, { kind, beneficiary, currency, dayMs, units });
      else sum.units += units;
    }
  }
  return [...sums.values()].filter(({ units }) => units !== 0n);
}
