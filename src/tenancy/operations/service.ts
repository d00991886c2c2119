import { type OperationId, type TenantId, idFromUuid, newUuid } from '../../kernel/ids.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Queues } from '../../platform/queue/index.ts';
import type { ControlTx, WithControl } from '../../platform/tenant-tx.ts';
import { tenancyProblem } from '../errors.ts';
import { tellTenant } from '../notices/service.ts';
import { tenantOperationDue } from './jobs.ts';
import * as queries from './queries.ts';
import type { OperationKind, TenantOperation } from './types.ts';

const LOST_MAX = 100;

/** What is asked for. */
export type OperationAsked = {
  readonly kind: OperationKind;
  readonly tenantId: TenantId;
  /** Shown to the tenant. */
  readonly reason: string | null;
};

/**
 * Records that long work is to be done, in the transaction of whoever asks for it; put it on the queue after the commit
 * (`nudgeOperation`). `tenancy.operation_under_way` where the same is being done to the tenant.
 */
export async function requestOperation(
  tx: ControlTx,
  clock: Clock,
  { kind, tenantId, reason }: OperationAsked,
): Promise<TenantOperation> {
  const id = idFromUuid('ops', newUuid(clock.now().getTime())) as OperationId;
  const [inserted] = await queries.insertOperation(tx, { id, kind, tenantId, reason, ...tx.origin });
  if (inserted === undefined) {
    const [present] = await queries.operationUnderWay(tx, { tenantId, kind });
    throw tenancyProblem('tenancy.operation_under_way', { operationId: present?.id ?? null });
  }
  if (kind === 'export')
    await tellTenant(tx, tenantId, { type: 'tenancy.export_requested', payload: { operationId: id, reason } });
  return operationNow(tx, id);
}

/** An operation as it stands; `tenancy.operation_unknown`. */
export async function operationNow(tx: ControlTx, id: OperationId): Promise<TenantOperation> {
  const [row] = await queries.operationOfId(tx, { id });
  if (row === undefined) throw tenancyProblem('tenancy.operation_unknown');
  return row;
}

/** What putting operations on the queue needs. */
export type NudgeDeps = { readonly withControl: WithControl; readonly queues: Queues; readonly log: Logger };

/** Puts an operation on the queue. If the queue is away the sweeper does it later: it is logged, and no error. */
export async function nudgeOperation({ withControl, queues, log }: NudgeDeps, operationId: OperationId): Promise<void> {
  try {
    const [noted] = await withControl((tx) => queries.noteNudge(tx, { id: operationId }));
    if (noted !== undefined) await queues.add(tenantOperationDue, { operationId }, `.${noted.nudges}`);
  } catch (error) {
    log.warn({ err: error, operationId }, 'an operation could not be put on the queue; the sweeper does it');
  }
}

/**
 * Puts operations back on the queue that nothing speaks for: `patienceMs` after they were put there last and were not
 * begun, or whose worker has died. Gives how many.
 */
export async function sweepOperations(deps: NudgeDeps, patienceMs: number): Promise<number> {
  const lost = await deps.withControl((tx) => queries.lostOperations(tx, { patienceMs, max: LOST_MAX }));
  for (const { id } of lost) await nudgeOperation(deps, id);
  return lost.length;
}
