import { entriesOfTrade, entryOfAward, explainAward, toldFor } from '../../commissions/index.ts';
import { isActiveStaff } from '../../identity/index.ts';
import { ibKeys } from '../../ib/index.ts';
import type { Currency } from '../../kernel/currency.ts';
import {
  type AwardId,
  DisputeId,
  idFromUuid,
  type IbId,
  keyOfId,
  newUuid,
  type TradeId,
  type UserId,
} from '../../kernel/ids.ts';
import { formatAmount } from '../../kernel/money.ts';
import { isProblem, type Problem } from '../../kernel/problem.ts';
import type { Access, Reach } from '../../platform/access.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { z } from 'zod';
import type { openDispute } from './contract.ts';
import { disputeProblem } from './errors.ts';
import * as queries from './queries.ts';
import { disputeStep, type Notice } from './rules.ts';
import { lockDisputeWithin } from './store.ts';
import type { Dispute, DisputeEvent, DisputeKind } from './types.ts';

type Opening = z.output<typeof openDispute.body>;

/** What a dispute is about, found and held on to. */
type FoundLine = {
  readonly kind: DisputeKind;
  readonly dealKey: bigint | null;
  readonly component: string | null;
  readonly awardKey: bigint | null;
  readonly currency: Currency | null;
  readonly lineUnits: bigint;
  readonly explanation: string | null;
  /** What counts as held: entries of this trade or award. */
  readonly entries: readonly { readonly revision: number; readonly componentNumber: number }[];
};

/** Messages that a dispute may have. */
const MESSAGES_MAX = 200;
/** Undecided disputes that an introducing broker may have: each holds money, and staff is written to about each. */
const UNDECIDED_MAX = 200;

const lineUnknown = (detail: string): Problem => disputeProblem('payouts.dispute_line_unknown', { detail });

/**
 * Opens a dispute on a line of an IB's own earnings, with the explanation as that IB sees it at this moment, byte for byte.
 * `payouts.dispute_line_unknown` for what is not its own, `payouts.dispute_open` where the line is disputed already,
 * `payouts.disputes_too_many` where 200 of its disputes are undecided.
 */
export async function openDisputeOf(
  tx: TenantTx,
  asked: { readonly access: Access; readonly opening: Opening },
): Promise<DisputeId> {
  const { access, opening } = asked;
  const { ibId } = access.reach;
  const ibKey = ibId === null ? undefined : (await ibKeys(tx, [ibId])).get(ibId);
  if (ibId === null || ibKey === undefined) throw lineUnknown('The caller is no introducing broker');
  const { count: undecided } = onlyRow(await queries.undecidedOfIb(tx, { ibKey, max: UNDECIDED_MAX }));
  if (undecided >= UNDECIDED_MAX) throw disputeProblem('payouts.disputes_too_many', { most: UNDECIDED_MAX });
  const { entries, ...found } = await lineOf(tx, { ibId, ibKey }, opening.line);
  const id = DisputeId.parse(idFromUuid('dsp', newUuid(Date.now())));
  const [made] = await queries.insertDispute(tx, {
    id,
    ibKey,
    ibId,
    ...found,
    text: opening.text,
    openedBy: access.caller.id,
  });
  if (made === undefined) throw disputeProblem('payouts.dispute_open');
  const dispute = await lockDisputeWithin(tx, access.reach, id);
  await queries.insertEntries(tx, {
    key: dispute.key,
    source: found.kind === 'award' ? 'award' : 'trade',
    sourceKey: found.awardKey ?? found.dealKey,
    revisions: entries.map(({ revision }) => revision),
    components: entries.map(({ componentNumber }) => componentNumber),
  });
  await queries.insertDisputeNotice(tx, { key: dispute.key, what: 'opened' });
  emit(tx, {
    stream: `dispute/${id}`,
    type: 'payouts.dispute_opened',
    schemaVersion: 1,
    payload: { disputeId: id, ibId, kind: found.kind, ...amountTold(found.currency, found.lineUnits) },
  });
  return id;
}

const amountTold = (currency: Currency | null, units: bigint) =>
  currency === null ? {} : { amount: formatAmount({ units, currency }), currency };

const NOTHING = {
  dealKey: null,
  component: null,
  awardKey: null,
  currency: null,
  lineUnits: 0n,
  explanation: null,
  entries: [],
} as const;

async function lineOf(
  tx: TenantTx,
  { ibId, ibKey }: { readonly ibId: IbId; readonly ibKey: number },
  line: Opening['line'],
): Promise<FoundLine> {
  if (line.kind === 'award') return awardLine(tx, { ibId, ibKey }, line.awardId);
  if (line.tradeId === undefined) return { ...NOTHING, kind: 'missing' };
  const dealKey = keyOfId(line.tradeId);
  if (dealKey === undefined) throw lineUnknown(line.tradeId);
  const explanation = await explanationOf(tx, ibId, line.tradeId);
  const all = await entriesOfTrade(tx, { ibKey, dealKey });
  if (line.kind === 'missing')
    return { ...NOTHING, kind: 'missing', dealKey, currency: all[0]?.currency ?? null, explanation };
  const component = line.component ?? null;
  const named = all.filter((each) => component === null || each.component === component);
  const currency = named[0]?.currency; // That of the live revision: a correction by another plan may have changed it.
  if (currency === undefined) throw lineUnknown(`${line.tradeId} ${component ?? ''}`.trim());
  const entries = named.filter((each) => each.currency === currency);
  const lineUnits = entries.reduce((sum, { units }) => sum + units, 0n);
  return { ...NOTHING, kind: 'rebate', dealKey, component, currency, lineUnits, explanation, entries };
}

async function awardLine(
  tx: TenantTx,
  { ibId, ibKey }: { readonly ibId: IbId; readonly ibKey: number },
  awardId: AwardId,
): Promise<FoundLine> {
  const awardKey = keyOfId(awardId);
  const found = awardKey === undefined ? undefined : await entryOfAward(tx, { ibKey, awardKey });
  if (awardKey === undefined || found === undefined) throw lineUnknown(awardId);
  const { currency, units, componentNumber } = found;
  const explanation = JSON.stringify(await explainAward(tx, { ...NOBODY, ibId }, awardId));
  const entries = [{ revision: 0, componentNumber }];
  return { ...NOTHING, kind: 'award', awardKey, currency, lineUnits: units, explanation, entries };
}

const NOBODY: Reach = {
  everything: false,
  userId: null,
  deskIds: [],
  clientId: null,
  ibId: null,
  subtreeOf: null,
};

/** What an IB is told of a trade at this moment; of one that has no booking why it has none. */
async function explanationOf(tx: TenantTx, ibId: IbId, tradeId: TradeId): Promise<string> {
  try {
    return JSON.stringify(await toldFor(tx, { ...NOBODY, subtreeOf: ibId }, tradeId));
  } catch (error) {
    if (isProblem(error, 'commissions.trade_unknown')) throw lineUnknown(tradeId);
    throw error;
  }
}

type Moving = {
  readonly event: DisputeEvent;
  readonly reason?: string | undefined;
  readonly notice: Notice;
};

/** Moves a dispute that is held, tells of it, and has the other side told; `payouts.dispute_closed` where it has ended. */
export async function move(tx: TenantTx, dispute: Dispute, { event, reason, notice }: Moving): Promise<void> {
  const to = disputeStep(dispute.state, event);
  if (to === undefined) throw disputeProblem('payouts.dispute_closed', { detail: `It is ${dispute.state}` });
  const isEnd = disputeStep(to, 'ib_wrote') === undefined;
  const [moved] = await queries.moveDispute(tx, { key: dispute.key, from: dispute.state, to, isEnd, reason });
  if (moved === undefined) throw disputeProblem('payouts.dispute_closed');
  await queries.insertDisputeNotice(tx, { key: dispute.key, what: notice });
  const why = reason === undefined ? {} : { reason };
  emit(tx, {
    stream: `dispute/${dispute.id}`,
    type: isEnd ? 'payouts.dispute_decided' : 'payouts.dispute_written',
    schemaVersion: 1,
    payload: { disputeId: dispute.id, ibId: dispute.ibId, before: dispute.state, after: to, ...why },
  });
}

/** Adds a message to the thread. Staff is whoever reaches everybody's disputes. */
export async function write(
  tx: TenantTx,
  asked: { readonly access: Access; readonly id: DisputeId; readonly text: string },
): Promise<void> {
  const { access, id, text } = asked;
  const dispute = await lockDisputeWithin(tx, access.reach, id);
  const side = access.reach.everything ? 'staff' : 'ib';
  const event = side === 'staff' ? 'staff_wrote' : 'ib_wrote';
  await move(tx, dispute, { event, notice: side === 'staff' ? 'answered' : 'replied' });
  const author = access.caller.id;
  const [written] = await queries.insertDisputeMessage(tx, { key: dispute.key, side, author, text, max: MESSAGES_MAX });
  if (written === undefined)
    throw disputeProblem('payouts.dispute_too_long', { detail: `${MESSAGES_MAX} messages`, most: MESSAGES_MAX });
}

/** Says who of the active staff looks after a dispute; null for nobody. */
export async function assign(
  tx: TenantTx,
  asked: { readonly access: Access; readonly id: DisputeId; readonly userId: UserId | null },
): Promise<void> {
  const { access, id, userId } = asked;
  const dispute = await lockDisputeWithin(tx, access.reach, id);
  if (disputeStep(dispute.state, 'ib_wrote') === undefined)
    throw disputeProblem('payouts.dispute_closed', { detail: `It is ${dispute.state}` });
  if (userId !== null && !(await isActiveStaff(tx, userId)))
    throw disputeProblem('payouts.dispute_owner_unknown', { detail: userId });
  await queries.putOwner(tx, { key: dispute.key, userId });
  emit(tx, {
    stream: `dispute/${id}`,
    type: 'payouts.dispute_assigned',
    schemaVersion: 1,
    payload: { disputeId: id, before: dispute.ownerUserId, after: userId },
  });
}
