import type { Reach } from '../../platform/access.ts';
import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import * as contract from './contract.ts';
import { type FoundSchedule, listSchedules, setSchedule } from './service.ts';

/** The routes of schedules. */
export const scheduleRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(contract.listSchedules, ({ tenantId, origin, access: { reach }, query }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { limit, cursor, sort, beneficiary } = query;
      const { rows, nextCursor } = await listSchedules(tx, { reach, beneficiary, page: { limit, cursor, sort } });
      return { status: 200, json: { data: rows.map((row) => shown(row, reach)), nextCursor } };
    }),
  ),
  route(contract.setSchedule, ({ tenantId, origin, access: { reach }, body: { effectiveAt, ...schedule } }) =>
    withTenant(tenantId, origin, async (tx) => {
      const made = await setSchedule(tx, {
        ...schedule,
        ...(effectiveAt === undefined ? {} : { effectiveAt: new Date(effectiveAt) }),
      });
      return { status: 201, json: shown(made, reach) };
    }),
  ),
];

/** A schedule as it is shown: why it was set is for staff, who may have written more than its beneficiary should read. */
const shown = ({ beneficiary, terms, validFrom, reason, recordedAt }: FoundSchedule, { everything }: Reach) =>
  ({
    beneficiary,
    terms,
    validFrom: validFrom.toISOString(),
    timeZone: 'UTC',
    reason: everything ? reason : null,
    recordedAt: recordedAt.toISOString(),
  }) as const;
