import { clientIdsOf } from '../../clients/index.ts';
import { onlyRow } from '../../platform/query.ts';
import { idempotentRoute, type Route, route } from '../../platform/route.ts';
import { requestTask } from '../../platform/tasks/index.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import { commissionProblem } from '../errors.ts';
import { readConfiguration } from '../plans/queries.ts';
import { periodRun } from '../settlements/jobs.ts';
import * as contract from './contract.ts';
import { explainAward } from './explaining.ts';
import { listAwards } from './listing.ts';
import { progressOf } from './progress.ts';
import { pageOfWaits } from './queries.ts';

/** The routes of awards and of the periods that they are for. */
export const awardRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(contract.listAwards, ({ tenantId, origin, access: { reach }, query }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { limit, cursor, sort: _newestFirst, ...filter } = query;
      const { rows: data, nextCursor } = await listAwards(tx, { reach, filter, page: { limit, cursor } });
      return { status: 200, json: { data, nextCursor } };
    }),
  ),
  route(contract.readAward, ({ tenantId, origin, access: { reach }, params }) =>
    withTenant(tenantId, origin, async (tx) => ({
      status: 200,
      json: await explainAward(tx, reach, params.awardId),
    })),
  ),
  route(contract.readAwardProgress, ({ tenantId, origin, params }) =>
    withTenant(tenantId, origin, async (tx) => ({ status: 200, json: await progressOf(tx, params.clientId) })),
  ),
  route(contract.listPeriodWaits, ({ tenantId, origin, query: page }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { rows, nextCursor } = await pageOfWaits(tx, {}, page);
      const ids = await clientIdsOf(
        tx,
        rows.map(({ clientKey }) => clientKey),
      );
      const data = rows.flatMap(({ clientKey, name: _name, from, to, since, ...row }) => {
        const clientId = ids.get(clientKey);
        if (clientId === undefined) return [];
        return [{ ...row, clientId, from: from.toISOString(), to: to.toISOString(), since: since.toISOString() }];
      });
      return { status: 200, json: { data, nextCursor } };
    }),
  ),
  idempotentRoute(contract.startPeriodRun, async (tx, { body: { from, to, isPreview } }) => {
    const { now } = onlyRow(await readConfiguration(tx, {}));
    const [begins, ends] = [new Date(from), new Date(to)];
    if (begins >= ends) throw commissionProblem('commissions.range_empty', { detail: `${from} to ${to}` });
    if (ends > now)
      throw commissionProblem('commissions.period_not_over', {
        detail: `It is ${now.toISOString()}, the range ends ${to}`,
      });
    const range = { from: begins.toISOString(), to: ends.toISOString() };
    const taskId = await requestTask(tx, periodRun, { upTo: range.to, range, isPreview });
    return { status: 202, json: { taskId } };
  }),
];
