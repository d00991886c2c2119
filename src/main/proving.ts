import { proveSample } from '../commissions/index.ts';
import type { Clock } from '../kernel/clock.ts';
import type { TenantId } from '../kernel/ids.ts';
import type { Metrics } from '../ops/index.ts';
import type { Logger } from '../platform/logger.ts';
import type { WithTenant } from '../platform/tenant-tx.ts';

/** Computes a sample of a tenant's bookings again; what differs is an error in the log, and stays open until acknowledged. */
export const proveBookings =
  ({
    log,
    metrics,
    ...deps
  }: {
    readonly withTenant: WithTenant;
    readonly clock: Clock;
    readonly metrics: Pick<Metrics, 'countProofs'>;
    readonly log: Logger;
  }) =>
  async (tenantId: TenantId): Promise<void> => {
    const { proven, different } = await proveSample(deps, tenantId);
    metrics.countProofs('equal', proven - different.length);
    metrics.countProofs('different', different.length);
    for (const { id, detail } of different)
      log.error({ tenantId, discrepancy: id, detail }, 'a booking was computed again, and something else came out');
  };
