import { chainsOf } from '../../ib/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { type DueTrade, executionsOf, type PositionOpen } from '../../trading/index.ts';
import type { TradeInput } from '../engine/types.ts';
import type { PlanBook, PublishedVersion } from '../plans/store.ts';
import type { Execution } from '../types.ts';
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
    readonly executions?: ReadonlyMap<bigint, Execution>;
    readonly knownAt?: Date;
  },
): Promise<Inputs> {
  const clients = trades.map((trade) => ({ clientKey: trade.clientKey, atMs: trade.closedAt }));
  const { chains, knownAt } = await chainsOf(tx, clients, known.knownAt);
  await book.loadAgreements(tx, new Set(chains.flatMap((chain) => chain?.levels.map((level) => level.ibKey) ?? [])));
  const versions = trades.map((trade, place) => book.versionFor(chains[place]?.levels ?? [], trade.closedAt));
  const lookedAt = trades.filter((_trade, place) => versions[place]?.plan.needsExecution === true);
  const executions = known.executions ?? (await executionsOf(tx, lookedAt));
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
