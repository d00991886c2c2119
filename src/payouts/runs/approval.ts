import { z } from 'zod';
import { defineApproval, requestApproval } from '../../identity/index.ts';
import { PayoutRunId } from '../../kernel/ids.ts';
import type { ApprovalAsked } from '../../kernel/operation.ts';
import type { Access } from '../../platform/access.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { runProblem } from './errors.ts';
import { beginPosting } from './posting.ts';
import * as queries from './queries.ts';
import { moveRun, tell } from './service.ts';
import { lockRun, runInWords } from './store.ts';

/** A run is posted when a second person agrees to the very list of payments, with the amount of each. */
export const payoutApproval = defineApproval({
  kind: 'payouts.pay',
  right: { action: 'approve', resource: 'payout_runs' },
  payload: z.strictObject({ runId: PayoutRunId }),
  fingerprint: async (tx, { runId }) => {
    const run = await lockRun(tx, runId);
    const { items, hash } = onlyRow(await queries.listHash(tx, { runKey: run.key }));
    const since = run.submittedAt?.toISOString() ?? 'never'; // One that was recalled and submitted again is asked anew.
    return `${run.state} since ${since}, ${items} items, ${hash}, rates of ${run.rateAgeHoursMax} hours`;
  },
  execute: async (tx, { runId }, { approvalId, approvedBy }) => {
    const run = await lockRun(tx, runId);
    if (approvedBy.some((userId) => userId === run.draftedBy)) throw runProblem('payouts.run_own');
    await beginPosting(tx, run, { approvalId, approvers: approvedBy });
    return { runId };
  },
});

type Submitting = { readonly runId: PayoutRunId; readonly reason: string; readonly access: Access };

/**
 * Asks a second person to agree to a run as it stands. Only who drafted it asks, so that nobody approves what he drafted:
 * `payouts.run_of_another`, `payouts.run_empty`.
 */
export async function submitRun(
  tx: TenantTx,
  { runId, reason, access }: Submitting,
): Promise<z.input<typeof ApprovalAsked>> {
  const run = await lockRun(tx, runId);
  if (run.draftedBy !== access.caller.id)
    throw runProblem('payouts.run_of_another', { detail: `${run.draftedBy} drafted it` });
  const { included } = onlyRow(await queries.counts(tx, { runKey: run.key }));
  if (included === 0) throw runProblem('payouts.run_empty', { detail: 'All items are held or removed' });
  await moveRun(tx, run, { event: 'submit' });
  tell(tx, runId, 'payouts.run_submitted', { items: included, reason });
  const summary = `Pay out ${await runInWords(tx, run)}`;
  return requestApproval(tx, payoutApproval, { runId }, { subject: runId, summary, reason, access });
}
