import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import { planOfId, versionInForce, versionOf } from '../plans/service.ts';
import { compareVersions } from './contract.ts';
import { differencesOf } from './rules.ts';

/** The route that compares versions of plans. */
export const differenceRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(compareVersions, ({ tenantId, origin, params: { planId, number }, query }) =>
    withTenant(tenantId, origin, async (tx) => {
      const plan = await planOfId(tx, planId);
      const to = await versionOf(tx, plan, number);
      const from = query.from === undefined ? await versionInForce(tx, plan) : await versionOf(tx, plan, query.from);
      const differences = differencesOf(from.definition, to.definition);
      return { status: 200, json: { planId, from: from.number, to: number, differences } };
    }),
  ),
];
