import { tradeIdOf } from '../../kernel/ids.ts';
import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import { sentenceOf } from '../replay/rules.ts';
import * as contract from './contract.ts';
import { listExceptions } from './service.ts';

/** The route of trades that fell into a hole of the set-up. */
export const exceptionRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(contract.listCommissionExceptions, ({ tenantId, origin, query: { limit, cursor, reason } }) =>
    withTenant(tenantId, origin, async (tx) => {
      const reasons = reason === undefined ? contract.exceptionReasons : [reason];
      const { rows, nextCursor } = await listExceptions(tx, { reasons, limit, cursor });
      const data = rows.map(
        ({ dealKey, reason: why, symbol, symbolGroup, accountGroup, plan, closedAt, bookedAt }) => ({
          tradeId: tradeIdOf(dealKey),
          reason: why,
          sentence: sentenceOf(why) ?? why,
          symbol,
          symbolGroup,
          accountGroup,
          plan,
          closedAt: closedAt.toISOString(),
          bookedAt: bookedAt.toISOString(),
        }),
      );
      return { status: 200, json: { data, nextCursor } };
    }),
  ),
];
