import { z } from 'zod';
import { DealId, TenantId } from '../kernel/ids.ts';
import type { JobDefinition } from '../platform/queue/index.ts';

/** Trades that one job names, and that one booking transaction takes, at most. */
export const TRADES_PER_JOB_MAX = 1_000;

/** The dedicated queue of the commission engine; deposits, KYC and mail have queues of their own. */
export const COMMISSION_QUEUE = 'commissions';

export const TradeExecuted = z.strictObject({
  tenantId: TenantId,
  /** The feed batch that brought the first of the deals. */
  batchId: z.string().regex(/^\d{1,19}$/),
  /** A hint: the worker claims whatever of the tenant is due. */
  dealIds: z.array(DealId).min(1).max(TRADES_PER_JOB_MAX),
});
export type TradeExecuted = z.infer<typeof TradeExecuted>;

/** Says that a tenant has closed trades to be booked. After three tries the sweeper puts the deals back. */
export const tradeExecuted: JobDefinition<TradeExecuted> = {
  queue: COMMISSION_QUEUE,
  name: 'TradeExecuted',
  payload: TradeExecuted,
  sameAs: ({ tenantId, batchId }) => `te.${tenantId}.${batchId}`,
  attemptsMax: 3,
  backoffMs: 500,
};
