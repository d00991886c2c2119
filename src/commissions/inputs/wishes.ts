import type { CompiledPlan } from '../definitions/types.ts';
import type { TradeInput } from '../engine/types.ts';
import type { ExecutionFacts } from '../types.ts';

/** A currency that must become another one. */
type Wish = { readonly from: string; readonly to: string };
/** A rate that a trade waits for: as of the instant, and no older than so many ms before it. */
export type MissingRate = Wish & { readonly at: Date; readonly ageMsMax: number };

const NOTIONAL = 'USD';
const HOUR_MS = 3_600_000;

/** What a plan may have to convert of a trade: profit and deposit currency into its own, and what a lot is made of into dollars. */
export function wishesOf(
  { profitCurrency, depositCurrency, baseCurrency }: ExecutionFacts,
  plan: CompiledPlan,
): Wish[] {
  const wishes = [...new Set([profitCurrency, depositCurrency])].map((from) => ({ from, to: String(plan.currency) }));
  const measured =
    plan.needsNotional &&
    baseCurrency !== undefined &&
    !wishes.some(({ from, to }) => from === baseCurrency && to === NOTIONAL);
  if (measured) wishes.push({ from: baseCurrency, to: NOTIONAL });
  return wishes.filter(({ from, to }) => from !== to);
}

/** The rates that a trade could need and does not have, or has too old ones of. */
export function missingRatesOf({ plan, execution, asOfMs, closedAtMs }: TradeInput): MissingRate[] {
  if (plan === undefined || execution === undefined) return [];
  const at = new Date(asOfMs ?? closedAtMs);
  return wishesOf(execution, plan)
    .filter(({ from, to }) => {
      const found = execution.conversions?.find((one) => one.from === from && one.to === to);
      return found === undefined || found.rows.some(({ ageMs }) => ageMs > plan.rateAgeMsMax);
    })
    .map((wish) => ({ ...wish, at, ageMsMax: plan.rateAgeMsMax }));
}

/** Missing rates as a parked deal tells them, for people and for whoever looks whether they have come. */
export const ratesText = (missing: readonly MissingRate[]): string =>
  missing
    .map(
      ({ from, to, at, ageMsMax }) => `${from} to ${to} as of ${at.toISOString()}, ${ageMsMax / HOUR_MS} h old at most`,
    )
    .join('; ');

const ONE = /^(\S+) to (\S+) as of (\S+), (\d+) h old at most$/;

/** What `ratesText` says; of another text nothing. */
export const ratesInText = (text: string): MissingRate[] =>
  text.split('; ').flatMap((part) => {
    const [, from, to, at, hours] = ONE.exec(part) ?? [];
    if (from === undefined || to === undefined || at === undefined) return [];
    return [{ from, to, at: new Date(at), ageMsMax: Number(hours) * HOUR_MS }];
  });
