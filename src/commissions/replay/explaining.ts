import { type DealId, dealIdOf, keyOfId } from '../../kernel/ids.ts';
import { formatDecimal } from '../../kernel/decimal.ts';
import { formatAmount, moneyJson } from '../../kernel/money.ts';
import type { Problem } from '../../kernel/problem.ts';
import { ibsAsOf } from '../../ib/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { opensByHandOf, type Whereabouts, whereaboutsOf } from '../../trading/index.ts';
import { KIND_NUMBERS } from '../booking/rules.ts';
import { componentName } from '../contract.ts';
import { explainTrade } from '../engine/rules.ts';
import type { Explanation, TradeInput } from '../engine/types.ts';
import { versionNames } from '../plans/queries.ts';
import { LOT_DIGITS } from '../types.ts';
import { replayProblem } from './errors.ts';
import * as queries from './queries.ts';
import { sentenceOf, whyNoBooking } from './rules.ts';
import { replay, type Replayed } from './service.ts';
import type { StoredBooking, ToldRevision, ToldStep, TradeExplanation } from './types.ts';

/**
 * Tells a booked trade step by step: what was looked at, which rule won, the tree path with names, each part and its
 * rounding. Computed again from the inputs that the booking names: of its last revision, or of the one asked for; beside it all
 * revisions, each with what it changed and why. `commissions.booking_unknown` where there is none.
 */
export async function explain(
  tx: TenantTx,
  dealId: DealId,
  asked: { readonly revision?: number | undefined } = {},
): Promise<TradeExplanation> {
  const dealKey = keyOfId(dealId);
  if (dealKey === undefined) throw withoutBooking(dealId, undefined);
  const { replayed, takenBack, gone } = await replay(tx, { after: dealKey - 1n, upTo: dealKey }, new Map());
  const bookings = [...takenBack, ...replayed.map(({ booking }) => booking)];
  const revision = asked.revision ?? Math.max(-1, ...bookings.map((booking) => booking.revision));
  const booking = bookings.find((each) => each.revision === revision);
  if (gone.length > 0) throw replayProblem('commissions.inputs_gone', { detail: dealId });
  if (bookings.length === 0) throw withoutBooking(dealId, await whereaboutsOf(tx, dealKey));
  // A revision that took all back is told by what it took back: nothing was computed for it.
  const told = replayed.filter((each) => each.booking.revision <= revision).at(-1);
  if (booking === undefined || told === undefined)
    throw replayProblem('commissions.booking_unknown', { detail: `${dealId} has no revision ${revision}` });
  const { trade, input, version } = told;
  const keys = input.chain.map(({ ibKey }) => ibKey);
  const ibs = new Map((await ibsAsOf(tx, { keys, at: booking.closedAt })).map((ib) => [ib.key, ib]));
  const [plan] = version === undefined ? [] : await queries.planOfVersion(tx, { versionKey: version.key });
  return {
    id: dealIdOf(dealKey),
    ticket: String(trade.ticket),
    symbol: trade.symbol,
    symbolGroup: trade.symbolGroup,
    accountGroup: trade.accountGroup,
    lots: formatDecimal({ coefficient: input.lots || trade.closedVolume, scale: LOT_DIGITS }, 2),
    openedAt: booking.openedAt?.toISOString() ?? null,
    closedAt: booking.closedAt.toISOString(),
    revision,
    batch: String(booking.batchKey),
    knownAt: booking.knownAt.toISOString(),
    plan: plan ?? null,
    chain: input.chain.flatMap(({ ibKey, status }, depth) => {
      const ib = ibs.get(ibKey);
      return ib === undefined ? [] : [{ id: ib.id, name: ib.name, depth, status }];
    }),
    ...outcomeTold(booking, told, (ibKey) => ibs.get(ibKey)?.name ?? `IB ${ibKey}`),
    ...(await openTold(tx, dealKey, booking.openedAt)),
    // Not those that came later: what is told of a revision stays the same, to the byte, whatever is corrected afterwards.
    revisions: (await revisionsTold(tx, dealKey, booking.closedAt)).filter((each) => each.revision <= revision),
  };
}

/** Who said by hand when the position was opened, and why, where that is what the booking was computed with. */
async function openTold(
  tx: TenantTx,
  dealKey: bigint,
  openedAt: Date | null,
): Promise<Pick<TradeExplanation, 'openByHand'>> {
  if (openedAt === null) return {};
  const said = (await opensByHandOf(tx, [dealKey], openedAt)).get(dealKey);
  return said === undefined
    ? {}
    : { openByHand: { reason: said.reason, by: said.actor, setAt: said.setAt.toISOString() } };
}

const reasonTold = (code: string) => ({ code, sentence: sentenceOf(code) ?? code });

/** Earning, reason, rebates and steps; of a revision that took all back there is but the reason. */
function outcomeTold(
  booking: StoredBooking,
  { booking: computed, input }: Replayed,
  nameOf: (ibKey: number) => string,
): Pick<TradeExplanation, 'earning' | 'reason' | 'rebates' | 'steps'> {
  if (computed.revision !== booking.revision)
    return { earning: null, reason: reasonTold(booking.wholeReason ?? ''), rebates: [], steps: [] };
  const explanation = explainTrade(input);
  const { result } = explanation;
  return {
    earning: result.kind === 'booked' ? moneyJson({ units: result.earningUnits, currency: result.currency }) : null,
    ...(result.kind === 'unpaid' && { reason: reasonTold(result.reason) }),
    ...told(explanation, input, nameOf),
  };
}

/** All revisions of a booking: why each was written, and what it changed for whom. */
async function revisionsTold(tx: TenantTx, dealKey: bigint, at: Date): Promise<ToldRevision[]> {
  const rows = await queries.revisionsOfDeal(tx, { dealKey });
  const rebates = await queries.rebatesOfRange(tx, { after: dealKey - 1n, upTo: dealKey });
  const keys = rebates.flatMap(({ kind, beneficiary }) => (kind === KIND_NUMBERS.ib ? [beneficiary] : []));
  const ibs = new Map((await ibsAsOf(tx, { keys: [...new Set(keys)], at })).map((ib) => [ib.key, ib]));
  const versionKeys = [...new Set(rows.flatMap(({ planVersionKey }) => planVersionKey ?? []))];
  const versions = new Map((await versionNames(tx, { versionKeys })).map((version) => [version.key, version]));
  return rows.map(({ revision, batchKey, kind, bookedAt, cause, reason, planVersionKey, earningUnits }) => {
    const version = planVersionKey === null ? undefined : versions.get(planVersionKey);
    return {
      revision,
      batch: String(batchKey),
      bookedAt: bookedAt.toISOString(),
      cause: cause ?? (kind === 'true_up' ? 'true_up' : 'booking'),
      reason,
      earning: version === undefined ? null : moneyJson({ units: earningUnits, currency: version.currency }),
      changes: rebates
        .filter((row) => row.revision === revision)
        .flatMap(({ component, kind: number, beneficiary, depth, units }) => {
          if (version === undefined) return [];
          const to = number === KIND_NUMBERS.ib ? 'ib' : number === KIND_NUMBERS.client ? 'client' : 'house';
          const ib = to === 'ib' ? ibs.get(beneficiary) : undefined;
          return [
            {
              component: componentName(version.components, component),
              to: to === 'ib' ? (ib?.name ?? `IB ${beneficiary}`) : `the ${to}`,
              ibId: ib?.id ?? null,
              kind: to,
              depth,
              amount: moneyJson({ units, currency: version.currency }),
            } as const,
          ];
        }),
    };
  });
}

/** The Problem of a deal without a booking; it says why there is none. */
function withoutBooking(dealId: DealId, where: Whereabouts | undefined): Problem {
  const { code, sentence } = whyNoBooking(where);
  return replayProblem('commissions.booking_unknown', { detail: `${dealId}: ${sentence}`, reason: code });
}

/** Rebates and steps with the names of whom they concern, amounts in plan currency. */
function told(
  { result, steps }: Explanation,
  { plan }: TradeInput,
  nameOf: (ibKey: number) => string,
): Pick<TradeExplanation, 'rebates' | 'steps'> {
  const names = { ib: nameOf, client: () => 'the client', house: () => 'the house' };
  return {
    rebates:
      result.kind !== 'booked'
        ? []
        : result.rebates.map(({ component, kind, beneficiary, depth, units }) => ({
            component: componentName(plan?.components.map(({ name }) => name) ?? [], component),
            to: names[kind](beneficiary),
            kind,
            depth,
            amount: moneyJson({ units, currency: result.currency }),
          })),
    steps: steps.map(({ ibKey, units, ...step }): ToldStep => {
      const sentence = step.reason === undefined ? undefined : sentenceOf(step.reason);
      return {
        ...step,
        ...(ibKey === undefined ? {} : { ib: nameOf(ibKey) }),
        ...(sentence === undefined ? {} : { sentence }),
        ...(units === undefined || plan === undefined
          ? {}
          : { amount: formatAmount({ units, currency: plan.currency }) }),
      };
    }),
  };
}
