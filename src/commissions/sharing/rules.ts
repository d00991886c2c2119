import { roundHalfEven } from '../../kernel/decimal.ts';
import { PERCENT_WHOLE, TRUE_UP_COMPONENT } from '../contract.ts';
import type { CompiledComponent } from '../definitions/types.ts';
import type { Rebate, Step, TradeInput } from '../engine/types.ts';
import { lookupFigures } from '../overrides/rules.ts';
import type { Fraction, LevelReason, ParkCode } from '../types.ts';

/** One component of the plan at work on one trade. `rebates` and `steps` are added to. */
export type Sharing = {
  readonly trade: TradeInput;
  readonly component: CompiledComponent;
  readonly place: number;
  /** What the component is called in steps. */
  readonly called: string;
  readonly rebates: Rebate[];
  readonly steps: Step[] | undefined;
};

/**
 * Shares an earning among the chain: each part is rounded on the running total of exact fractions, depth 0 upward, and the house
 * takes what is left of the rounded earning, so that the parts always add up to it. Gives a code where the trade must be parked.
 */
export function shareOut(rule: number, earning: Fraction, units: bigint, work: Sharing): ParkCode | undefined {
  const { trade, component, place, called, rebates, steps } = work;
  const reasons: LevelReason[] | undefined = steps === undefined ? undefined : [];
  const { weights, whole } = component.weigh(place, rule, trade.chain, reasons);
  const denominator = earning.denominator * whole;
  let reached = 0n;
  let given = 0n;
  for (let depth = 0; depth < weights.length; depth += 1) {
    const weight = weights[depth] ?? 0n;
    const link = trade.chain[depth];
    const ibKey = link?.ibKey ?? 0;
    reached += weight;
    const numerator = earning.numerator * reached;
    const upTo = weight > 0n ? roundHalfEven(numerator, denominator) : given;
    const part = upTo - given;
    given = upTo;
    steps?.push({
      step: 'share',
      component: called,
      ibKey,
      depth,
      ...(reasons?.[depth] === undefined ? {} : { reason: reasons[depth] }),
      figures: {
        weight: String(weight),
        whole: String(whole),
        runningTotal: String(upTo),
        ...exactly({ numerator, denominator }),
        ...(link && lookupFigures(link, component, place, rule, trade.plan?.rateDigits ?? 0)),
      },
      units: part,
    });
    if (part > 0n) pay(ibKey, depth, part, work);
  }
  if (reached > whole) return 'commissions.rate_above_budget'; // Refused at publication; should it get here, nothing is booked.
  const house = units - given;
  steps?.push({ step: 'house', component: called, figures: {}, units: house });
  if (house > 0n) rebates.push({ component: place, kind: 'house', beneficiary: 0, depth: -1, units: house });
  return undefined;
}

/** Books an IB's part; the direct IB's is shared with the client by the trader rebate, cut from the rounded part. */
function pay(ibKey: number, depth: number, part: bigint, work: Sharing): void {
  const { trade, component, place, called, rebates, steps } = work;
  const toClient = depth === 0 ? roundHalfEven(part * component.traderRebate, PERCENT_WHOLE) : 0n;
  if (part > toClient)
    rebates.push({ component: place, kind: 'ib', beneficiary: ibKey, depth, units: part - toClient });
  if (depth > 0 || component.traderRebate === 0n) return;
  const cut = { numerator: part * component.traderRebate, denominator: PERCENT_WHOLE };
  steps?.push({ step: 'trader_rebate', component: called, ibKey, depth, figures: exactly(cut), units: toClient });
  if (toClient > 0n)
    rebates.push({ component: place, kind: 'client', beneficiary: trade.clientKey, depth: 0, units: toClient });
}

/** The exact figure behind a rounded one, in ledger units. */
export const exactly = ({ numerator, denominator }: Fraction): Record<string, string> => ({
  exactNumerator: String(numerator),
  exactDenominator: String(denominator),
});

/**
 * What a true-up changes: the shares of the whole less those of the trade's own part, one for each beneficiary of whom they differ. So
 * after it the trade is shared as if it had been booked at the tier that was reached, to the unit.
 */
export function trueUpOf(
  own: readonly Rebate[],
  whole: readonly Rebate[],
  { place, called, steps }: { readonly place: number; readonly called: string; readonly steps: Step[] | undefined },
): Rebate[] {
  const nameOf = ({ kind, beneficiary }: Rebate): string => `${kind} ${beneficiary}`;
  const before = new Map(own.map((rebate) => [nameOf(rebate), rebate.units]));
  const after = new Map(whole.map((rebate) => [nameOf(rebate), rebate.units]));
  const gone = own.filter((rebate) => !after.has(nameOf(rebate)));
  return [...whole, ...gone].flatMap((rebate): Rebate[] => {
    const [had = 0n, has = 0n] = [before.get(nameOf(rebate)), after.get(nameOf(rebate))];
    const { kind, beneficiary, depth } = rebate;
    steps?.push({
      step: 'true_up',
      component: called,
      ...(kind === 'ib' && { ibKey: beneficiary, depth }),
      reason: 'trued_up',
      figures: { kind, before: String(had), after: String(has) },
      units: has - had,
    });
    return has === had ? [] : [{ ...rebate, component: place + TRUE_UP_COMPONENT, units: has - had }];
  });
}
