import { clientKeyOf, clientUnknown } from '../../clients/index.ts';
import { requestApproval } from '../../identity/index.ts';
import { onlyRow } from '../../platform/query.ts';
import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import { readConfiguration } from '../plans/queries.ts';
import * as contract from './contract.ts';
import { chargebackProblem } from './errors.ts';
import { chargebackApproval } from './service.ts';

/** The route of chargebacks. */
export const chargebackRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(contract.askChargeback, ({ tenantId, origin, access, body }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { clientId, reason, evidence } = body;
      const clientKey = await clientKeyOf(tx, clientId);
      if (clientKey === undefined || clientKey === null) throw clientUnknown(clientId);
      const { now } = onlyRow(await readConfiguration(tx, {}));
      if (body.since > now) throw chargebackProblem('commissions.chargeback_ahead');
      const since = body.since.toISOString();
      const summary = `Take back all that came of ${clientId} since ${since}`;
      const payload = { clientId, clientKey, since, reason, evidence };
      const asked = { subject: clientId, summary, reason, access };
      return { status: 202, json: await requestApproval(tx, chargebackApproval, payload, asked) };
    }),
  ),
];
