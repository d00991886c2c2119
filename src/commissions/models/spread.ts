import { z } from 'zod';
import { RateText } from '../contract.ts';
import type { ExecutionFacts, Fraction, Note, ParkCode, PlanFrame, TradeFacts } from '../types.ts';
import { fromProfitCurrency } from './conversion.ts';
import { difference, fractionOf, isAbove, lotsOf, lotsText, product, sum, wholeNumber } from './fractions.ts';

/** What of the spread a model takes: that at the close or the mean of open and close, never more than a limit. */
export const SpreadSettings = {
  /** At the close, or the mean of that at the open and that at the close. */
  spread: z.enum(['close', 'mean']).default('close'),
  /** The first limit that names the trade's symbol or symbol group, or nothing, stands in place of a wider spread. */
  limits: z
    .array(
      z.strictObject({
        symbol: z.string().min(1).max(64).optional(),
        symbolGroup: z.string().min(1).max(64).optional(),
        pips: RateText,
      }),
    )
    .max(1000)
    .default([]),
};
const settings = z.object(SpreadSettings);
type Settings = z.infer<typeof settings>;

const NOTHING = wholeNumber(0n);
const HALF: Fraction = { numerator: 1n, denominator: 2n };

/** Ask less bid; a negative spread counts as 0. Undefined where one is not known. */
function between(bid: string | undefined, ask: string | undefined): Fraction | undefined {
  if (bid === undefined || ask === undefined) return undefined;
  const spread = difference(fractionOf(ask), fractionOf(bid));
  return isAbove(spread, NOTHING) ? spread : NOTHING;
}

function spreadOf(
  { openBid, openAsk, closeBid, closeAsk }: ExecutionFacts,
  which: Settings['spread'],
): Fraction | undefined {
  const atClose = between(closeBid, closeAsk);
  if (which === 'close' || atClose === undefined) return atClose;
  const atOpen = between(openBid, openAsk);
  return atOpen === undefined ? undefined : product(sum(atOpen, atClose), HALF);
}

/**
 * What the spread of a trade came to, in plan currency: (ask - bid) x contract size x lots x R(quote to plan)
 * (commission-models, Base models).
 */
export function spreadCost(
  trade: TradeFacts,
  execution: ExecutionFacts,
  { spread: which, limits }: Settings,
  plan: PlanFrame,
  note?: Note,
): Fraction | ParkCode {
  const actual = spreadOf(execution, which);
  if (actual === undefined) return 'commissions.price_unknown';
  const limit = limits.find(
    ({ symbol, symbolGroup }) =>
      (symbol ?? trade.symbol) === trade.symbol && (symbolGroup ?? trade.symbolGroup) === trade.symbolGroup,
  );
  const most = limit === undefined ? actual : product(fractionOf(limit.pips), fractionOf(execution.pipSize));
  const isLimited = isAbove(actual, most);
  note?.({
    lots: lotsText(trade),
    contractSize: execution.contractSize,
    spreadAt: which,
    ...(execution.closeBid !== undefined && { closeBid: execution.closeBid }),
    ...(execution.closeAsk !== undefined && { closeAsk: execution.closeAsk }),
    ...(which === 'mean' && { openBid: execution.openBid ?? '', openAsk: execution.openAsk ?? '' }),
    ...(isLimited && limit !== undefined && { limitPips: limit.pips, pipSize: execution.pipSize }),
  });
  const rate = fromProfitCurrency(execution, plan, note);
  if (typeof rate === 'string') return rate;
  return product(isLimited ? most : actual, fractionOf(execution.contractSize), lotsOf(trade), rate);
}
