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
      return { status: 200, json: { data: rows.map(shown), nextCursor } };
    }),
  ),
  route(contract.setSchedule, ({ tenantId, origin, body: { effectiveAt, ...schedule } }) =>
    withTenant(tenantId, origin, async (tx) => {
      const made = await setSchedule(tx, {
        ...schedule,
        ...(effectiveAt === undefined ? {} : { effectiveAt: new Date(effectiveAt) }),
      });
      return { status: 201, json: shown(made) };
    }),
  ),
];

const shown = ({ beneficiary, terms, validFrom, reason, recordedAt }: FoundSchedule) =>
  ({
    beneficiary,
    terms,
    validFrom: validFrom.toISOString(),
    timeZone: 'UTC',
    reason,
    recordedAt: recordedAt.toISOString(),
  }) as const;
