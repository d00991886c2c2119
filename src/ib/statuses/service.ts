import type { IbId } from '../../kernel/ids.ts';
import { emit } from '../../platform/events/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { ibProblem } from '../errors.ts';
import { mayBecome } from '../rules.ts';
import { beginChange, ibOfId, mustBeThere } from '../store.ts';
import type { IbStatus } from '../types.ts';
import * as queries from './queries.ts';

/**
 * Suspends an IB, lets it go on (`active`) or terminates it, from now on. `ib.unknown`, `ib.not_yet_valid`,
 * `ib.status_unreachable` if it has this status already or is terminated.
 */
export async function setStatus(
  tx: TenantTx,
  { ibId, status, reason }: { readonly ibId: IbId; readonly status: IbStatus; readonly reason: string },
): Promise<{ readonly effectiveAt: Date }> {
  const recordedAt = await beginChange(tx);
  const ib = await ibOfId(tx, ibId);
  mustBeThere(ib, recordedAt);
  const [present] = await queries.statusAt(tx, { ibKey: ib.key, at: recordedAt });
  const from = present?.status ?? 'active';
  if (!mayBecome(from, status))
    throw ibProblem('ib.status_unreachable', { detail: `${ibId} is ${from}`, from, to: status });
  await queries.replaceStatus(tx, { ibKey: ib.key, status, recordedAt, reason });
  emit(tx, {
    stream: `ib/${ibId}`,
    type: 'ib.status_changed',
    schemaVersion: 1,
    payload: { ibId, from, to: status, effectiveAt: recordedAt.toISOString(), reason },
  });
  return { effectiveAt: recordedAt };
}
