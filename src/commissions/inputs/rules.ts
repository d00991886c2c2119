import { type Decimal, parseDecimal } from '../../kernel/decimal.ts';
import type { CompiledPlan } from '../definitions/types.ts';
import type { ExecutionFacts, TradeFacts } from '../types.ts';

/** What is known of a trade when it was claimed, as far as the engine looks at it. */
type ClaimedTrade = Pick<TradeFacts, 'symbol' | 'symbolGroup' | 'accountGroup'> & {
  /** In 1e-8 lot. */
  readonly closedVolume: bigint;
  readonly openedVolume?: bigint;
  /** A decimal text: what a lot of the account group counts. */
  readonly lotFactor: string;
  /** UTC, ms; `hasMs` is false where the server gave whole seconds. */
  readonly closedAt: number;
  readonly hasMs: boolean;
};

/** What of a trade the models, filters and rules look at; its open is undefined where it is not known. */
export function factsOf(
  trade: ClaimedTrade,
  open: { readonly openedAt: number; readonly hasMs: boolean } | undefined,
  execution?: ExecutionFacts,
  counts: CompiledPlan['counts'] = 'close',
): TradeFacts {
  return {
    lots: countedVolume(trade, counts),
    lotFactor: lotFactorOf(trade.lotFactor),
    symbol: trade.symbol,
    symbolGroup: trade.symbolGroup,
    accountGroup: trade.accountGroup,
    openedAtMs: open?.openedAt,
    closedAtMs: trade.closedAt,
    timesHaveMs: trade.hasMs && (open?.hasMs ?? true),
    execution,
  };
}

/** The volume that counts; what nobody has read of the opened one is none. */
function countedVolume({ closedVolume, openedVolume = 0n }: ClaimedTrade, counts: CompiledPlan['counts']): bigint {
  if (counts === 'close') return closedVolume;
  return counts === 'open' ? openedVolume : openedVolume + closedVolume;
}

const LOT_FACTORS_MAX = 1_000;
const lotFactors = new Map<string, Decimal>();

/** The few factors of account groups are read once. */
function lotFactorOf(text: string): Decimal {
  let factor = lotFactors.get(text);
  if (factor === undefined) {
    if (lotFactors.size >= LOT_FACTORS_MAX) lotFactors.clear();
    factor = parseDecimal(text);
    lotFactors.set(text, factor);
  }
  return factor;
}
