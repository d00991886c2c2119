import { formatDecimal } from '../../kernel/decimal.ts';
import { z } from 'zod';
import type { CounterName } from '../counters/types.ts';
import { MEASURE_DIGITS } from '../counters/types.ts';
import { lotsOf } from '../models/fractions.ts';
import { counterOf, countOf, measured, sumOver, times, windowOf } from './measures.ts';
import type { Adjust, Adjuster, Owned } from './types.ts';

const larger = (left: bigint, right: bigint): bigint => (left > right ? left : right);

const lotsText = (units: bigint): string => formatDecimal({ coefficient: units, scale: MEASURE_DIGITS });

/** What a client closed of a symbol on either side. */
const sideOf = (component: string, measure: 'long' | 'short', trade: Owned): CounterName =>
  counterOf(component, measure, trade.clientKey, trade.symbol);

/**
 * Hedged volume of a client per symbol = max(long, short): a trade counts by how much it raises that in the calendar month
 * (commission-models, Readings that are fixed).
 */
const adjusting =
  (component: string): Adjust =>
  (share, { trade, seen, note }) => {
    const side = trade.execution?.side;
    if (side === undefined) return 'commissions.price_unknown';
    const [long = 0n, short = 0n] = seen;
    const lots = measured(lotsOf(trade));
    const [longAfter, shortAfter] = side === 'buy' ? [long + lots, short] : [long, short + lots];
    const raised = larger(longAfter, shortAfter) - larger(long, short);
    note?.({ side, long: lotsText(long), short: lotsText(short), lots: lotsText(lots), countedLots: lotsText(raised) });
    return {
      amount: times(share, raised, lots),
      counts: [countOf(sideOf(component, side === 'buy' ? 'long' : 'short', trade), trade, lots)],
      ...(raised === 0n && { reason: 'volume_hedged' }),
    };
  };

export const hedgedVolume = {
  kind: 'hedged_volume',
  stage: 'volume',
  needsExecution: () => true,
  settings: z.strictObject({ kind: z.literal('hedged_volume') }),
  refusals: () => [],
  compile: (_given, { component }) => ({
    looks: 2,
    looksOf: (trade) => {
      const month = windowOf('month', trade);
      return [sumOver(sideOf(component, 'long', trade), month), sumOver(sideOf(component, 'short', trade), month)];
    },
    adjust: adjusting(component),
  }),
} satisfies Adjuster & { settings: z.ZodType };
