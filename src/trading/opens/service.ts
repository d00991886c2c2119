import { keyOfId } from '../../kernel/ids.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { rerunParked } from '../due/rerun.ts';
import { openProblem } from './errors.ts';
import * as queries from './queries.ts';
import type { OpenSaid } from './types.ts';

/** What deals wait for that an open set by hand can be the answer to. */
const WAITS_FOR_OPEN = ['commissions.open_unknown', 'commissions.open_reason_unknown'];
const RERUN_MAX = 1_000;

/**
 * Sets the open of a parked deal's position by hand, with a reason that is kept: it serves where the feed did not bring the
 * open, for all deals of the position. Those that wait for it become due; gives their keys. `trading.deal_unknown`,
 * `trading.deal_not_parked`, `trading.open_after_close`.
 */
export async function setOpenByHand(
  tx: TenantTx,
  said: OpenSaid,
): Promise<{ readonly setAt: Date; readonly positionId: bigint; readonly due: readonly bigint[] }> {
  const dealKey = keyOfId(said.dealId);
  const [deal] = dealKey === undefined ? [] : await queries.parkedDeal(tx, { dealKey });
  if (dealKey === undefined || deal === undefined) throw openProblem('trading.deal_unknown', { detail: said.dealId });
  if (deal.code === null || !WAITS_FOR_OPEN.includes(deal.code))
    throw openProblem('trading.deal_not_parked', { detail: deal.code ?? 'It is not parked' });
  if (deal.closedAt !== null && said.openedAt > deal.closedAt)
    throw openProblem('trading.open_after_close', { detail: `It closed at ${deal.closedAt.toISOString()}` });
  const { serverKey, positionId } = deal;
  const { openedAt, price, openReason, reason } = said;
  const { actor } = tx.origin;
  const { setAt } = onlyRow(
    await queries.insertOpen(tx, { serverKey, positionId, dealKey, openedAt, price, openReason, reason, actor }),
  );
  const others = await queries.waitingOfPosition(tx, { serverKey, positionId, codes: WAITS_FOR_OPEN });
  const dealKeys = [...new Set([dealKey, ...others.map((each) => each.dealKey)])];
  const run = await rerunParked(tx, { dealKeys, max: RERUN_MAX });
  emit(tx, {
    stream: `deal/${said.dealId}`,
    type: 'trading.parked_open_set',
    schemaVersion: 1,
    payload: {
      dealId: said.dealId,
      positionId: String(positionId),
      openedAt: openedAt.toISOString(),
      price: price ?? null,
      openReason: openReason ?? null,
      reason,
    },
  });
  return { setAt, positionId, due: run.dealKeys };
}
