import type { PayoutRunId, TenantId } from '../../kernel/ids.ts';
import type { Origin, TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import { runProblem } from './errors.ts';
import { beginPosting, payPart } from './posting.ts';
import { moveRun } from './service.ts';
import { lockRun } from './store.ts';

/**
 * Agrees to a draft or a submitted run without the mechanism of approvals: for the installation's own command line and for
 * demo data. Two different names are needed here too (`payouts.run_own`). A worker posts it then, or `postRun` does.
 */
export async function agreeByHand(
  tx: TenantTx,
  { runId, agreedBy }: { readonly runId: PayoutRunId; readonly agreedBy: string },
): Promise<void> {
  const run = await lockRun(tx, runId);
  if (run.draftedBy === agreedBy) throw runProblem('payouts.run_own', { detail: `${agreedBy} drafted it` });
  if (run.state === 'draft') await moveRun(tx, run, { event: 'submit' });
  await beginPosting(tx, await lockRun(tx, runId), { approvalId: null, approvers: [agreedBy] });
}

type Posting = {
  readonly tenantId: TenantId;
  readonly runId: PayoutRunId;
  readonly origin: Origin;
  readonly onPart?: (done: number, total: number) => void;
};

/** Posts a run that was agreed to, part by part, here and now; a worker that does so too changes nothing. */
export async function postRun(withTenant: WithTenant, { tenantId, runId, origin, onPart }: Posting): Promise<void> {
  for (let more = true; more;) {
    const part = await withTenant(tenantId, origin, (tx) => payPart(tx, runId));
    onPart?.(part.done, part.total);
    ({ more } = part);
  }
}
