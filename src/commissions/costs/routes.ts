import { clientIdsOf, clientKeyOf } from '../../clients/index.ts';
import { moneyJson } from '../../kernel/money.ts';
import { idempotentRoute, type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import * as contract from './contract.ts';
import { pageOfCosts } from './queries.ts';
import { recordGiven } from './service.ts';

/** No client has it: a list of nobody's costs is empty. */
const NOBODY = 0;

/** The routes of what clients cost. */
export const costRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  idempotentRoute(contract.recordClientCosts, async (tx, { body: { costs } }) => {
    return { status: 200, json: await recordGiven(tx, costs) };
  }),
  route(contract.listClientCosts, ({ tenantId, origin, query }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { limit, cursor, sort, clientId, kind } = query;
      const clientKey = clientId === undefined ? null : ((await clientKeyOf(tx, clientId)) ?? NOBODY);
      const { rows, nextCursor } = await pageOfCosts(tx, { clientKey, kind }, { limit, cursor, sort });
      const ids = await clientIdsOf(
        tx,
        rows.map((row) => row.clientKey),
      );
      const data = rows.flatMap(({ clientKey: key, currency, units, at, recordedAt, ...row }) => {
        const id = ids.get(key);
        return id === undefined
          ? []
          : [
              {
                ...row,
                clientId: id,
                amount: moneyJson({ units, currency }),
                at: at.toISOString(),
                recordedAt: recordedAt.toISOString(),
              },
            ];
      });
      return { status: 200, json: { data, nextCursor } };
    }),
  ),
];
