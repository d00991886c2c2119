import { z } from 'zod';
import { reach } from '#fault-points';
import { defineApproval } from '../../identity/index.ts';
import { RerunId, type TenantId, tradeIdOf } from '../../kernel/ids.ts';
import { sqlStateOf } from '../../platform/database.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import { defineTask, requestTask, type RunningTask } from '../../platform/tasks/index.ts';
import type { TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import { type Knowing, writeRevisions } from '../corrections/service.ts';
import { liveBookings } from '../corrections/store.ts';
import { holdSettlement } from '../cuts/service.ts';
import { PlanBooks } from '../plans/store.ts';
import { rerunProblem } from './errors.ts';
import { rerunOf } from './preview.ts';
import * as queries from './queries.ts';
import { digestOf, EMPTY_DIGEST, PAGE, type Point, rerunPage } from './selecting.ts';
import { rerunNow } from './service.ts';
import { changeKept } from './store.ts';

const Checkpoint = z.strictObject({ upTo: z.string(), done: z.int() });
type Task = RunningTask<z.infer<typeof Checkpoint>>;

/**
 * Carries a re-run out that two people agreed to. First all is computed once more, by what is known by now: where that is
 * anything else than what they agreed to, nothing is done. Then the revisions are written as they were agreed to, a page in a
 * transaction of its own that notes how far it is: killed at any instant it goes on there, and no revision is written twice.
 */
export const rerunApplication = defineTask({
  kind: 'commissions.rerun_apply',
  right: { action: 'read', resource: 'reruns' },
  isAgreed: true,
  payload: z.strictObject({ rerunId: RerunId }),
  checkpoint: Checkpoint,
  run: async (task, { rerunId }) => {
    if (task.checkpoint === undefined && !(await isAsAgreed(task, rerunId))) {
      await task.page(async (tx) => {
        await end(tx, rerunId, { state: 'failed', errorCode: 'commissions.rerun_outdated' });
        return { done: 0 };
      });
      throw rerunProblem('commissions.rerun_outdated');
    }
    let upTo = BigInt(task.checkpoint?.upTo ?? '0');
    let done = task.checkpoint?.done ?? 0;
    const left = { more: true };
    while (left.more)
      await task.page(async (tx) => {
        const written = await applyPage(tx, rerunId, upTo);
        upTo = written.upTo ?? upTo;
        done += written.trades;
        left.more = written.trades === PAGE;
        if (!left.more) await end(tx, rerunId, { state: 'applied', errorCode: null });
        await reach('rerun.before_commit');
        return { done, checkpoint: { upTo: String(upTo), done } };
      });
    return { rerunId, trades: done };
  },
});

/** Whether all that a re-run would change is, computed once more, what was agreed to. */
async function isAsAgreed(task: Task, id: RerunId): Promise<boolean> {
  const books = new PlanBooks();
  const at: { digest: string; agreed: string | null; after: Point | undefined; known: Knowing | undefined } = {
    digest: EMPTY_DIGEST,
    agreed: null,
    after: undefined,
    known: undefined,
  };
  do {
    await task.read(async (tx) => {
      const rerun = await rerunNow(tx, id);
      const knowing = at.known ?? { book: await books.read(tx), carried: { counts: [] } };
      const page = await rerunPage(tx, knowing, rerunOf(rerun), at.after);
      at.known = { ...knowing, knownAt: page.knownAt };
      at.agreed = rerun.digest;
      at.digest = digestOf(at.digest, page);
      at.after = page.next;
    });
  } while (at.after !== undefined);
  return at.digest === at.agreed;
}

/** Writes the next revisions as they were agreed to; where one of the trades was corrected meanwhile, none of the page. */
async function applyPage(
  tx: TenantTx,
  id: RerunId,
  after: bigint,
): Promise<{ readonly upTo: bigint | undefined; readonly trades: number }> {
  await holdSettlement(tx);
  const rerun = await rerunNow(tx, id);
  const { key: rerunKey, reason, approvalId, knownAt, configurationVersion } = rerun;
  const rows = await queries.tradesAfter(tx, { rerunKey, after, limit: PAGE });
  const last = rows.at(-1);
  if (last === undefined || knownAt === null || configurationVersion === null) return { upTo: undefined, trades: 0 };
  const live = await liveBookings(
    tx,
    rows.map(({ dealKey }) => dealKey),
  );
  const changed = rows.find(({ dealKey, revision }) => live.get(dealKey)?.revision !== revision);
  if (changed !== undefined)
    throw rerunProblem('commissions.rerun_outdated', {
      detail: `${tradeIdOf(changed.dealKey)} was corrected meanwhile`,
    });
  await writeRevisions(
    tx,
    rows.flatMap(({ change }) => changeKept(change).revisions),
    { kind: 'rerun', reason, rerunKey, ...(approvalId !== null && { approvalId }) },
    { knownAt, configurationVersion },
  );
  await queries.noteApplied(tx, { id, upTo: last.dealKey });
  return { upTo: last.dealKey, trades: rows.length };
}

/** The end of carrying a re-run out, with an event. */
async function end(
  tx: TenantTx,
  id: RerunId,
  { state, errorCode }: { readonly state: 'applied' | 'failed'; readonly errorCode: string | null },
): Promise<void> {
  const [ended] = await queries.noteState(tx, { id, before: 'applying', state, errorCode, approvalId: null });
  if (ended === undefined) return;
  const payload = { rerunId: id, code: errorCode };
  emit(tx, { stream: `rerun/${id}`, type: `commissions.rerun_${state}`, schemaVersion: 1, payload });
}

/**
 * The kind of approval by which a re-run is carried out: two people beside the one who asks. They agree to the digest of the
 * preview; where a trade in it was corrected since, or its state is another, nothing is done. Who had it computed is neither of
 * them, whoever asks for it to be carried out.
 */
export const rerunApproval = defineApproval({
  kind: 'commissions.rerun',
  right: { action: 'approve', resource: 'reruns' },
  voicesNeeded: 2,
  payload: z.strictObject({ rerunId: RerunId, digest: z.string() }),
  fingerprint: async (tx, { rerunId }) => {
    const [rerun] = await queries.lockRerun(tx, { id: rerunId });
    if (rerun === undefined) return 'there is no such re-run';
    const { trades, changed } = onlyRow(await queries.tradesChangedSince(tx, { rerunKey: rerun.key }));
    return `${rerun.state} ${rerun.digest ?? ''}: ${trades} trades, ${changed} corrected since`;
  },
  execute: async (tx, { rerunId }, { approvalId, approvedBy }) => {
    await holdSettlement(tx);
    const [rerun] = await queries.rerunOfId(tx, { id: rerunId });
    if (approvedBy.some((userId) => userId === rerun?.askedBy)) throw rerunProblem('commissions.rerun_own');
    try {
      const asked = { id: rerunId, before: 'prepared', state: 'applying', errorCode: null, approvalId };
      const [begun] = await queries.noteState(tx, asked);
      if (begun === undefined) throw rerunProblem('commissions.rerun_not_prepared', { detail: rerunId });
    } catch (error) {
      if (sqlStateOf(error) !== '23505') throw error;
      throw rerunProblem('commissions.rerun_applying', { cause: error });
    }
    const taskId = await requestTask(tx, rerunApplication, { rerunId });
    await queries.noteTask(tx, { id: rerunId, taskId });
    emit(tx, {
      stream: `rerun/${rerunId}`,
      type: 'commissions.rerun_agreed',
      schemaVersion: 1,
      payload: { rerunId, taskId },
    });
    return { rerunId, taskId };
  },
});

const ORIGIN = { actor: 'commissions', causation: 'reruns' };

/** Ends re-runs whose work was cancelled or has failed: they hold up nobody any more. What was written until then stays. */
export async function settleReruns(
  { withTenant }: { readonly withTenant: WithTenant },
  tenantId: TenantId,
): Promise<void> {
  await withTenant(tenantId, ORIGIN, async (tx) => {
    for (const { id, state: before, taskState, code } of await queries.rerunsLeft(tx, {})) {
      const ended = { id, before, state: taskState, errorCode: code, approvalId: null };
      await queries.noteState(tx, ended);
      const payload = { rerunId: id, code };
      emit(tx, { stream: `rerun/${id}`, type: `commissions.rerun_${taskState}`, schemaVersion: 1, payload });
    }
  });
}
