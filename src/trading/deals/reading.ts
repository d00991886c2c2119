import { dealParkedProblem } from '../errors.ts';
import { parseStrictJson } from '../../platform/strict-json.ts';
import { doubtOf, translateDeal } from '../platforms/mt5/translate.ts';
import { utcFromServerTime } from '../platforms/server-time.ts';
import { isEligible } from '../rules.ts';
import type { Deal, RawDeal, ServerClockRule } from '../types.ts';
import { type Doubt, handlingOf } from './rules.ts';
import type { Facts, Handling, Instant } from './types.ts';

const RAW_LIMITS = { lengthMax: 1_048_576, depthMax: 64 };

/** A deal as it was delivered: kept word for word, so it is read by the code of today; undefined where that cannot read it. */
export function dealOf(raw: string): Deal | undefined {
  const json = parseStrictJson(raw, RAW_LIMITS);
  const deal = json.ok ? translateDeal(json.value as RawDeal) : undefined; // Objects only are stored.
  return deal?.ok === true ? deal.value : undefined;
}

/** The accounts and symbols that deals name, as far as anything depends on them. */
export function namesIn(deals: readonly Deal[]): {
  readonly logins: ReadonlySet<bigint>;
  readonly symbols: ReadonlySet<string>;
} {
  const eligible = deals.filter(isEligible);
  return { logins: new Set(eligible.map((deal) => deal.login)), symbols: new Set(eligible.map((deal) => deal.symbol)) };
}

/** A deal's time in UTC by its server's rule. */
export function instantOf(rule: ServerClockRule, deal: Deal): Instant {
  const instant = utcFromServerTime(rule, deal.serverTimeMs);
  if (instant.kind === 'nonexistent') return { utcMs: undefined, ambiguous: false };
  return { utcMs: instant.utcMs, ambiguous: instant.ambiguous };
}

/** What the values of a deal give to doubt. */
function doubtIn(deal: Deal): Doubt | undefined {
  const code = doubtOf(deal);
  return code === undefined ? undefined : { code, detail: dealParkedProblem(code).title };
}

/** What becomes of a deal: the first time it is read, and each time it is looked at again. */
export const sorted = (deal: Deal, instant: Instant, facts: Facts): Handling =>
  handlingOf(deal, instant, facts, doubtIn(deal));
