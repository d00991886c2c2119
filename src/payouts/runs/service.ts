import type { Currency } from '../../kernel/currency.ts';
import { idFromUuid, newUuid, type PayoutItemId, PayoutRunId, type StatementId } from '../../kernel/ids.ts';
import { sqlStateOf } from '../../platform/database.ts';
import { emit, type Json } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { type PartyId, partyOfId } from '../parties/service.ts';
import { unpaidStatements } from '../statements/store.ts';
import type { PartyKind, UnpaidStatement } from '../types.ts';
import { runProblem } from './errors.ts';
import * as queries from './queries.ts';
import { itemStep, runStep } from './rules.ts';
import { itemOf, lockRun } from './store.ts';
import type { ItemEvent, Run, RunEvent } from './types.ts';

/** Statements that are looked at together. */
const PAGE = 1_000;
/** Items that one run may have. */
const ITEMS_MAX = 50_000;
const RATE_AGE_HOURS_MAX_DEFAULT = 120;

/** Which statements a run is drafted from; what is not said does not narrow. */
export type WantedRun = {
  readonly kind?: PartyKind | undefined;
  readonly currencies?: readonly Currency[] | undefined;
  /** Of cycles that ended at this instant or later, and before that one. */
  readonly endsFrom?: Date | undefined;
  readonly endsBefore?: Date | undefined;
  readonly parties?: readonly PartyId[] | undefined;
};

/**
 * Drafts a run from all statements that are issued, not paid, in no other open run, and whose beneficiary is not on hold.
 * Statements below the minimum of their schedule say that nothing is payable, and are carried over: they are not among them.
 * `payouts.run_empty` where there are none, `payouts.run_too_large` beyond 50 000.
 */
export async function draftRun(
  tx: TenantTx,
  wanted: WantedRun,
  {
    draftedBy,
    rateAgeHoursMax = RATE_AGE_HOURS_MAX_DEFAULT,
  }: { readonly draftedBy: string; readonly rateAgeHoursMax?: number | undefined },
): Promise<PayoutRunId> {
  const id = PayoutRunId.parse(idFromUuid('pyr', newUuid(Date.now())));
  const { kind, currencies, endsFrom, endsBefore, parties } = wanted;
  const criteria = {
    ...(kind !== undefined && { kind }),
    ...(currencies !== undefined && { currencies }),
    ...(endsFrom !== undefined && { endsFrom: endsFrom.toISOString() }),
    ...(endsBefore !== undefined && { endsBefore: endsBefore.toISOString() }),
    ...(parties !== undefined && { parties }),
  };
  const { key: runKey } = onlyRow(
    await queries.insertRun(tx, { id, criteria: JSON.stringify(criteria), rateAgeHoursMax, draftedBy }),
  );
  const isWanted = await filterOf(tx, wanted);
  let items = 0;
  let after = 0n;
  for (let pages = 0; pages <= ITEMS_MAX / PAGE; pages += 1) {
    const page = await unpaidStatements(tx, { after, limit: PAGE, ...(kind !== undefined && { partyKind: kind }) });
    const keys = page.filter(isWanted).map(({ key }) => key);
    if (keys.length > 0) items += (await queries.insertItems(tx, { runKey, statementKeys: keys })).length;
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) break;
    if (items > ITEMS_MAX || pages === ITEMS_MAX / PAGE)
      throw runProblem('payouts.run_too_large', { detail: `More than ${ITEMS_MAX} statements`, most: ITEMS_MAX });
    after = last.key;
  }
  if (items === 0) throw runProblem('payouts.run_empty', { detail: 'No statement that is asked for is to be paid' });
  tell(tx, id, 'payouts.run_drafted', { draftedBy, items, criteria });
  return id;
}

async function filterOf(
  tx: TenantTx,
  { currencies, endsFrom, endsBefore, parties }: WantedRun,
): Promise<(statement: UnpaidStatement) => boolean> {
  const known = parties === undefined ? undefined : new Set<string>();
  for (const id of parties ?? []) {
    const party = await partyOfId(tx, id);
    known?.add(`${party.kind} ${party.key}`);
  }
  return ({ currency, endsAt, party }) =>
    (currencies === undefined || currencies.includes(currency)) &&
    (endsFrom === undefined || endsAt >= endsFrom) &&
    (endsBefore === undefined || endsAt < endsBefore) &&
    (known === undefined || known.has(`${party.kind} ${party.key}`));
}

/** Tells of a run; the stream is its own. */
export const tell = (tx: TenantTx, runId: PayoutRunId, type: string, payload: Readonly<Record<string, Json>>): void =>
  emit(tx, { stream: `payout_run/${runId}`, type, schemaVersion: 1, payload: { runId, ...payload } });

type Moving = {
  readonly event: RunEvent;
  readonly reason?: string;
  readonly approvalId?: string | null;
  readonly approvers?: readonly string[];
};

/** Moves a run that is held; `payouts.run_state` where that cannot be done in its state. */
export async function moveRun(tx: TenantTx, run: Run, { event, ...more }: Moving): Promise<void> {
  const to = runStep(run.state, event);
  const { reason, approvalId, approvers } = more;
  const moved =
    to === undefined
      ? []
      : await queries.moveRun(tx, { key: run.key, from: run.state, to, reason, approvalId, approvers });
  if (to === undefined || moved.length === 0)
    throw runProblem('payouts.run_state', { detail: `It is ${run.state}`, state: run.state });
  if (to === 'cancelled' || to === 'paid' || to === 'partly') await queries.letGo(tx, { runKey: run.key });
}

/** Takes a run that is being put together; only then its items may change. */
async function takeDraft(tx: TenantTx, runId: PayoutRunId): Promise<Run> {
  const run = await lockRun(tx, runId);
  if (run.state !== 'draft')
    throw runProblem('payouts.run_state', { detail: `It is ${run.state}, no draft`, state: run.state });
  return run;
}

/** Holds, releases or removes an item of a draft. */
export async function reviewItem(
  tx: TenantTx,
  asked: {
    readonly runId: PayoutRunId;
    readonly itemId: PayoutItemId;
    readonly event: Extract<ItemEvent, 'hold' | 'release' | 'remove'>;
    readonly reason: string | null;
  },
): Promise<void> {
  const { runId, itemId, event, reason } = asked;
  const run = await takeDraft(tx, runId);
  const item = await itemOf(tx, run, itemId);
  const to = itemStep(item.state, event);
  const moved =
    to === undefined
      ? []
      : await queries.moveItem(tx, { key: item.key, from: item.state, to, isOpen: to !== 'removed', reason });
  if (to === undefined || moved.length === 0)
    throw runProblem('payouts.run_item_state', { detail: `It is ${item.state}`, state: item.state });
  tell(tx, runId, 'payouts.run_reviewed', {
    itemId,
    statementId: item.statementId,
    before: item.state,
    after: to,
    reason,
  });
}

/**
 * Adds statements to a draft, also such as were removed from it. `payouts.statement_not_payable` names one that is not
 * there, has nothing to pay, is paid, or is in another open run; then none is added.
 */
export async function addItems(
  tx: TenantTx,
  { runId, statementIds }: { readonly runId: PayoutRunId; readonly statementIds: readonly StatementId[] },
): Promise<void> {
  const run = await takeDraft(tx, runId);
  const asked = new Map((await queries.statementKeys(tx, { ids: statementIds })).map(({ id, key }) => [id, key]));
  const unknown = statementIds.find((id) => !asked.has(id));
  if (unknown !== undefined) throw notPayable(unknown);
  const keys = [...asked.values()];
  try {
    const restored = await queries.restoreItems(tx, { runKey: run.key, statementKeys: keys });
    const added = await queries.insertItems(tx, { runKey: run.key, statementKeys: keys });
    if (restored.length + added.length < keys.length) throw notPayable(statementIds.join(', '));
  } catch (error) {
    if (sqlStateOf(error) !== UNIQUE_VIOLATION) throw error;
    throw notPayable(statementIds.join(', '));
  }
  tell(tx, runId, 'payouts.run_added', { statementIds });
}

/** Two runs have added one statement at the same moment. */
const UNIQUE_VIOLATION = '23505';

const notPayable = (detail: string) => runProblem('payouts.statement_not_payable', { detail });

/** Takes a run back that waits for a second person: what was asked is outdated then. */
export async function recallRun(tx: TenantTx, runId: PayoutRunId): Promise<void> {
  await moveRun(tx, await lockRun(tx, runId), { event: 'recall' });
  tell(tx, runId, 'payouts.run_recalled', {});
}

/**
 * Cancels a run that is not agreed to yet: its statements may be paid by another. One that is being posted is stopped: what
 * is paid stays paid, the rest stays payable.
 */
export async function cancelRun(
  tx: TenantTx,
  { runId, reason }: { readonly runId: PayoutRunId; readonly reason: string },
): Promise<void> {
  const run = await lockRun(tx, runId);
  if (run.state !== 'posting') await moveRun(tx, run, { event: 'cancel', reason });
  else if ((await queries.stopRun(tx, { key: run.key, reason })).length === 0)
    throw runProblem('payouts.run_state', { detail: 'It is being stopped already', state: run.state });
  tell(tx, runId, run.state === 'posting' ? 'payouts.run_stopped' : 'payouts.run_cancelled', { reason });
}
