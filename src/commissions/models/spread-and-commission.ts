import { z } from 'zod';
import { PercentText } from '../contract.ts';
import type { Fraction, Model } from '../types.ts';
import { commissionCost } from './commission.ts';
import { fractionOf, percentOf, product, sum } from './fractions.ts';
import { spreadCost, SpreadSettings } from './spread.ts';

const settings = z.strictObject({
  kind: z.literal('spread_and_commission'),
  /** Of what the spread came to, and of what the client was charged. */
  spreadShare: PercentText,
  commissionShare: PercentText,
  ...SpreadSettings,
});

const HUNDREDTH: Fraction = { numerator: 1n, denominator: 100n };

/**
 * Spread and commission: a share of each, added. 4.00 at 30 % and 6.00 at 30 %, twice: 6.00. A rate is a percentage of that
 * sum, so a plan's budget is 100 as a rule, and agreements are percentages of the earning.
 */
export const spreadAndCommission = {
  kind: 'spread_and_commission',
  rate: 'percent',
  needsExecution: true,
  settings,
  compile: (given, plan) => {
    const { spreadShare, commissionShare, ...spread } = settings.parse(given);
    const ofSpread = product(fractionOf(spreadShare), HUNDREDTH);
    const ofCommission = product(fractionOf(commissionShare), HUNDREDTH);
    return (trade, rateUnits, note) => {
      if (trade.execution === undefined) return 'commissions.price_unknown';
      const spreadPaid = spreadCost(trade, trade.execution, spread, plan, note);
      if (typeof spreadPaid === 'string') return spreadPaid;
      const commissionPaid = commissionCost(trade.execution, plan, note);
      if (typeof commissionPaid === 'string') return commissionPaid;
      note?.({ spreadShare, commissionShare });
      const both = sum(product(spreadPaid, ofSpread), product(commissionPaid, ofCommission));
      return both.numerator === 0n ? 'nothing_charged' : product(both, percentOf(rateUnits));
    };
  },
} satisfies Model & { settings: z.ZodType };
