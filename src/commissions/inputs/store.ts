import { channelsOf } from '../../clients/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { accountStatesOf, conversionsOf, type DueTrade, executionsOf, type PositionOpen } from '../../trading/index.ts';
import type { TradeStanding } from '../counters/types.ts';
import type { TradeInput } from '../engine/types.ts';
import type { PlanBook, PublishedVersion } from '../plans/store.ts';
import type { AppliedRates, ExecutionFacts } from '../types.ts';
import { type Frame, framesOf, type TreeReader } from './frames.ts';
import { ratesByTerms, type Terms } from './terms.ts';
import { factsOf } from './rules.ts';
import { wishesOf } from './wishes.ts';

/** What the engine is given, by trade, with the plan version that held; and as of which knowledge of the tree. */
export type Inputs = {
  /** The trades with what was looked up of them: what they opened, and the symbol as of the open, where the plan says so. */
  readonly trades: readonly DueTrade[];
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
    /** What bookings kept of the counters; a trade that is booked first sees what they stand at. */
    readonly standings?: ReadonlyMap<bigint, TradeStanding>;
    readonly knownAt?: Date | undefined;
    readonly terms?: Terms | undefined;
    /** Another tree than the one that is known, to see what would be. */
    readonly tree?: TreeReader | undefined;
  },
): Promise<Inputs> {
  const { frames, knownAt } = await framesOf(tx, book, trades, known);
  await book.loadRates(tx, frames);
  const executions = known.executions ?? (await executionsWithRates(tx, frames));
  const inputs = frames.map(({ trade, atMs, chain, version, open }): TradeInput => {
    const { clientKey, accountGroup } = trade;
    return {
      ...factsOf(trade, open, executions.get(trade.dealKey), version?.plan.counts),
      dealKey: trade.dealKey,
      clientKey,
      plan: version?.plan,
      asOfMs: atMs,
      planKey: version?.planKey,
      standing: known.standings?.get(trade.dealKey),
      chain: chain.map(({ ibKey, status, depth }) => ({
        ibKey,
        status,
        ...(version === undefined
          ? NO_RATES
          : (ratesByTerms(known.terms, ibKey, version.plan) ??
            book.ratesFor({ ibKey, depth, clientKey, accountGroup }, version, atMs))),
      })),
    };
  });
  return { inputs, knownAt, versions: frames.map(({ version }) => version), trades: frames.map(({ trade }) => trade) };
}

const NO_RATES = { rates: undefined };

/** How trades were carried out, with the rates at their close by which profit and deposit currency become that of the plan, and the base dollars. */
async function executionsWithRates(
  tx: TenantTx,
  frames: readonly Frame[],
): Promise<ReadonlyMap<bigint, ExecutionFacts>> {
  const lookedAt = frames.flatMap(({ trade, atMs, version }) =>
    version?.plan.needsExecution === true ? [{ trade, atMs, plan: version.plan }] : [],
  );
  const executions: ReadonlyMap<bigint, ExecutionFacts> = await executionsOf(
    tx,
    lookedAt.map(({ trade: { dealKey, symbolKey, factsKey }, plan: { counts } }) => ({
      dealKey,
      symbolKey,
      factsKey,
      counts,
    })),
  );
  const wishes = lookedAt.flatMap(({ trade: { dealKey }, atMs, plan }) => {
    const execution = executions.get(dealKey);
    if (execution === undefined) return [];
    return wishesOf(execution, plan).map((wish) => ({ ...wish, dealKey, at: new Date(atMs) }));
  });
  const conversions = await conversionsOf(tx, wishes);
  const byDeal = new Map<bigint, AppliedRates[]>();
  wishes.forEach(({ dealKey }, place) => {
    const found = conversions[place];
    if (found !== undefined) byDeal.set(dealKey, [...(byDeal.get(dealKey) ?? []), found]);
  });
  const channels = await channelsOf(
    tx,
    lookedAt.filter(({ plan }) => plan.needsChannel).map(({ trade }) => trade.clientKey),
  );
  const states = await accountStatesOf(
    tx,
    lookedAt
      .filter(({ plan }) => plan.needsAccountState)
      .map(({ trade: { dealKey, factsKey, closedAt } }) => ({ dealKey, factsKey, atMs: closedAt })),
  );
  return new Map(
    lookedAt.flatMap(({ trade: { dealKey, clientKey } }) => {
      const execution = executions.get(dealKey);
      const [channel, accountState] = [channels.get(clientKey), states.get(dealKey)];
      return execution === undefined
        ? []
        : [
            [
              dealKey,
              {
                ...execution,
                conversions: byDeal.get(dealKey),
                ...(accountState !== undefined && { accountState }),
                ...(channel !== undefined && { channel }),
              },
            ],
          ];
    }),
  );
}

/** Without the deals that are no trades: they close nothing, and their plan does not count what they open. */
export function tradesAmong(inputs: Inputs): Inputs {
  const isTrade = ({ closedVolume }: Inputs['trades'][number], place: number): boolean =>
    closedVolume > 0n || (inputs.versions[place]?.plan.counts ?? 'close') !== 'close';
  const isKept = inputs.trades.map(isTrade);
  if (!isKept.includes(false)) return inputs;
  const ofTrades = <Each>(all: readonly Each[]): Each[] => all.filter((_each, place) => isKept[place]);
  return {
    knownAt: inputs.knownAt,
    trades: ofTrades(inputs.trades),
    inputs: ofTrades(inputs.inputs),
    versions: ofTrades(inputs.versions),
  };
}
