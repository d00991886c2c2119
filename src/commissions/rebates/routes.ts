import { dealIdOf, tradeIdOf } from '../../kernel/ids.ts';
import { moneyJson } from '../../kernel/money.ts';
import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import { componentName } from '../contract.ts';
import * as contract from './contract.ts';
import { type FoundRebate, listRebates } from './service.ts';

const correctionShown = ({ cause, reason, isTrueUp }: Pick<FoundRebate, 'cause' | 'reason' | 'isTrueUp'>) => {
  if (cause !== null) return { cause, reason };
  return isTrueUp ? { cause: 'true_up' as const, reason: null } : null;
};

/** The route of rebates. */
export const rebateRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(contract.listRebates, ({ tenantId, origin, access: { reach }, query }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { limit, cursor, sort: _newestFirst, ...filter } = query;
      const { rows, nextCursor } = await listRebates(tx, { reach, filter, page: { limit, cursor } });
      const data = rows.map(
        ({ dealKey, revision, component, to, depth, units, version, closedAt, bookedAt, ...row }) => ({
          tradeId: tradeIdOf(dealKey),
          dealId: dealIdOf(dealKey),
          revision,
          component: componentName(version.components, component),
          beneficiary: to,
          depth: to.kind === 'ib' ? depth : null,
          amount: moneyJson({ units, currency: version.currency }),
          correction: correctionShown(row),
          plan: { name: version.plan, version: version.number },
          closedAt: closedAt.toISOString(),
          bookedAt: bookedAt.toISOString(),
        }),
      );
      return { status: 200, json: { data, nextCursor } };
    }),
  ),
];
