import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import { partyWithin } from '../parties/service.ts';
import * as contract from './contract.ts';
import { chooseWallet, walletOfIb } from './service.ts';

/** The routes of the currencies in which IBs are paid. */
export const walletRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(contract.readWalletChoice, ({ tenantId, origin, access: { reach }, params: { ibId } }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { key } = await partyWithin(tx, reach, ibId);
      return { status: 200, json: { ibId, currency: await walletOfIb(tx, key) } };
    }),
  ),
  route(contract.chooseWallet, ({ tenantId, origin, access, params: { ibId }, body: { currency } }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { key: ibKey } = await partyWithin(tx, access.reach, ibId);
      await chooseWallet(tx, { ibId, ibKey, currency, chosenBy: access.caller.id });
      return { status: 200, json: { ibId, currency } };
    }),
  ),
];
