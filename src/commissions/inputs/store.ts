import { chainsOf } from '../../ib/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { conversionsOf, type DueTrade, executionsOf, type PositionOpen } from '../../trading/index.ts';
import type { TradeInput } from '../engine/types.ts';
import type { PlanBook, PublishedVersion } from '../plans/store.ts';
import type { AppliedRates, ExecutionFacts } from '../types.ts';
import type { CompiledPlan } from '../definitions/types.ts';
import { factsOf } from './rules.ts';

/** What the engine is given, by trade, with the plan version that held; and as of which knowledge of the tree. */
export type Inputs = {
  readonly inputs: readonly TradeInput[];
  readonly versions: readonly (PublishedVersion | undefined)[];
  readonly knownAt: Date;
};

/**
 * All that the engine must know of trades, as of each trade's own time: the plans and agreements of the book, and the tree
 * as it is known now or, to compute a booking again, was known at an instant. `opens` are of the trades whose open is known,
 * `executions` those that bookings kept; without them they are read, for the trades whose plan looks at them.
 */
export async function inputsOf(
  tx: TenantTx,
  book: PlanBook,
  trades: readonly DueTrade[],
  known: {
    readonly opens: ReadonlyMap<bigint, PositionOpen> | undefined;
    readonly executions?: ReadonlyMap<bigint, ExecutionFacts>;
    readonly knownAt?: Date;
  },
): Promise<Inputs> {
  const clients = trades.map((trade) => ({ clientKey: trade.clientKey, atMs: trade.closedAt }));
  const { chains, knownAt } = await chainsOf(tx, clients, known.knownAt);
  await book.loadAgreements(tx, new Set(chains.flatMap((chain) => chain?.levels.map((level) => level.ibKey) ?? [])));
  const versions = trades.map((trade, place) => book.versionFor(chains[place]?.levels ?? [], trade.closedAt));
  const lookedAt = trades.flatMap((trade, place) => {
    const plan = versions[place]?.plan;
    return plan?.needsExecution === true ? [{ trade, plan }] : [];
  });
  const executions = known.executions ?? (await executionsWithRates(tx, lookedAt));
  const inputs = trades.map((trade, place): TradeInput => {
    const chain = chains[place]?.levels ?? [];
    const version = versions[place];
    return {
      ...factsOf(trade, known.opens?.get(trade.dealKey), executions.get(trade.dealKey)),
      dealKey: trade.dealKey,
      clientKey: trade.clientKey,
      plan: version?.plan,
      chain: chain.map(({ ibKey, status }) => ({
        ibKey,
        status,
        rates: version && book.ratesOf(ibKey, version, trade.closedAt),
      })),
    };
  });
  return { inputs, versions, knownAt };
}

/** How trades were carried out, with the rates at their close by which profit and deposit currency become that of the plan, and the base dollars. */
async function executionsWithRates(
  tx: TenantTx,
  lookedAt: readonly { readonly trade: DueTrade; readonly plan: CompiledPlan }[],
): Promise<ReadonlyMap<bigint, ExecutionFacts>> {
  const executions: ReadonlyMap<bigint, ExecutionFacts> = await executionsOf(
    tx,
    lookedAt.map(({ trade }) => trade),
  );
  const wishes = lookedAt.flatMap(({ trade: { dealKey, closedAt }, plan }) => {
    const execution = executions.get(dealKey);
    if (execution === undefined) return [];
    return wishesOf(execution, plan).map((wish) => ({ ...wish, dealKey, at: new Date(closedAt) }));
  });
  const conversions = await conversionsOf(tx, wishes);
  const byDeal = new Map<bigint, AppliedRates[]>();
  wishes.forEach(({ dealKey }, place) => {
    const found = conversions[place];
    if (found !== undefined) byDeal.set(dealKey, [...(byDeal.get(dealKey) ?? []), found]);
  });
  return new Map(
    [...executions].map(([dealKey, execution]) => [dealKey, { ...execution, conversions: byDeal.get(dealKey) }]),
  );
}

const NOTIONAL = 'USD';

function wishesOf({ profitCurrency, depositCurrency, baseCurrency }: ExecutionFacts, plan: CompiledPlan) {
  const wishes = [...new Set([profitCurrency, depositCurrency])].map((from) => ({ from, to: String(plan.currency) }));
  const measured =
    plan.needsNotional &&
    baseCurrency !== undefined &&
    !wishes.some(({ from, to }) => from === baseCurrency && to === NOTIONAL);
  if (measured) wishes.push({ from: baseCurrency, to: NOTIONAL });
  return wishes.filter(({ from, to }) => from !== to);
}
