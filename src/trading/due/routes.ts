import { formatDecimal } from '../../kernel/decimal.ts';
import { dealIdOf, decodeId, keyOfId, type TenantId } from '../../kernel/ids.ts';
import { cursorAt, keyOfCursor } from '../../platform/paging.ts';
import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import * as contract from './contract.ts';
import { rerunParked } from './rerun.ts';
import { parkedDeals } from './service.ts';

export type ParkedRouteDependencies = {
  readonly withTenant: WithTenant;
  /** Told after the commit that a tenant has due deals. Only a hint. */
  readonly onDue: (tenantId: TenantId) => Promise<void>;
};

const SORT = 'received';
const RERUN_AT_ONCE = 1_000;
const LOT_DIGITS = 8;
const KEY_MAX = 2n ** 63n - 1n;

/** The routes of parked deals. */
export const parkedRoutes = ({ withTenant, onDue }: ParkedRouteDependencies): Route[] => [
  route(contract.listParkedDeals, ({ tenantId, origin, query: { limit, cursor, code } }) =>
    withTenant(tenantId, origin, async (tx) => {
      const after = cursor === undefined ? 0n : keyOfCursor(cursor, SORT);
      const found = await parkedDeals(tx, { after, limit: limit + 1, ...(code !== undefined && { code }) });
      const data = found.slice(0, limit).map(({ id, parkedAt, ticket, login, closedVolume, ...deal }) => ({
        dealId: id,
        ...deal,
        parkedAt: parkedAt.toISOString(),
        ticket: String(ticket),
        login: login === undefined ? null : String(login),
        lots: formatDecimal({ coefficient: closedVolume, scale: LOT_DIGITS }, 2),
      }));
      const last = found.length > limit ? data.at(-1) : undefined;
      const nextCursor = last === undefined ? null : cursorAt(SORT, String(decodeId(last.dealId)), '');
      return { status: 200, json: { data, nextCursor } };
    }),
  ),
  route(contract.rerunParkedDeals, async ({ tenantId, origin, log, body: { code, dealIds, cursor } }) => {
    const run = await withTenant(tenantId, origin, (tx) =>
      rerunParked(tx, {
        max: RERUN_AT_ONCE,
        ...(code !== undefined && { code }),
        ...(dealIds !== undefined && { dealKeys: dealIds.flatMap((id) => keyOfId(id) ?? []) }),
        ...(cursor !== undefined && { after: keyOfId(cursor) ?? KEY_MAX }),
      }),
    );
    if (run.dealKeys.length > 0)
      await onDue(tenantId).catch((error: unknown) => log.warn({ err: error }, 'nobody was told of due deals'));
    const nextCursor = run.next === undefined ? null : dealIdOf(run.next);
    const { settled, stillParked } = run;
    return { status: 200, json: { due: run.dealKeys.length, settled, stillParked, nextCursor } };
  }),
];
