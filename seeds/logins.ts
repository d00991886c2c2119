import { assignClient, pageOfClients } from '../src/clients/index.ts';
import { ibsAsOf } from '../src/ib/index.ts';
import { countStaff, isActiveStaff, isDesk, type makeDemoPeople, makeDesk } from '../src/identity/index.ts';
import type { ClientId, IbId } from '../src/kernel/ids.ts';
import { reachesEverything } from '../src/platform/access.ts';
import type { ControlTx, TenantTx } from '../src/platform/tenant-tx.ts';

/** With these everybody of the demo signs in; staff with the code of an authenticator app that has this secret. */
export const DEMO_PASSWORD = 'orange bicycle under the bridge';
/** RFC 4648 base32, 160 bits. */
export const DEMO_TOTP_SECRET = 'CASCADEDEMOSECRETFORSTAFFSIGNIN2';

const STAFF = [
  ['owner', 'Olga Owner'],
  ['admin', 'Adam Admin'],
  ['compliance', 'Clara Compliance'],
  ['finance', 'Felix Finance'],
  ['sales', 'Sally Sales'],
  ['support', 'Sunil Support'],
  ['auditor', 'Aude Auditor'],
] as const;

const OPERATOR = { email: 'operator@cascade.example', name: 'Otto Operator', roles: ['operator'] };
const DESK = 'Front desk';
/** As many clients are given to the sales desk, so that there is something to see and something not to. */
const CLIENTS_OF_DESK = 3;

type MakePerson = Awaited<ReturnType<typeof makeDemoPeople>>;

/** The address of whoever has a role in the demo. */
export const demoAddress = (role: string, slug: string): string => `${role}@${slug}.example`;

/**
 * People of every built-in role for a demo tenant where nobody works yet. Where somebody does, nothing is added: a way in
 * that everybody knows must not open anew at each start.
 */
export async function seedLogins(tx: TenantTx, make: MakePerson, slug: string): Promise<void> {
  if ((await countStaff(tx)) > 0) return;
  const of = (role: string) => ({ email: demoAddress(role, slug), roles: [role] });
  for (const [role, name] of STAFF) {
    const userId = await make(tx, { ...of(role), name });
    if (role === 'sales' && userId !== undefined) {
      const { id: deskId } = await makeDesk(tx, { name: DESK, memberIds: [userId] });
      for (const { id } of (await clientsOf(tx, undefined)).slice(0, CLIENTS_OF_DESK))
        await assignClient(tx, { isStaff: isActiveStaff, isDesk }, reachesEverything, id, { deskId });
    }
  }
  const ib = await ibWithSubtree(tx);
  if (ib !== undefined) await make(tx, { ...of('ib'), name: ib.name, ibId: ib.id });
  const [client] = [...(ib === undefined ? [] : await clientsOf(tx, ib.id)), ...(await clientsOf(tx, undefined))];
  if (client !== undefined) await make(tx, { ...of('client'), name: client.name, clientId: client.id });
}

/** Somebody who runs the demo installation, where nobody does yet. */
export async function seedOperator(tx: ControlTx, make: MakePerson): Promise<void> {
  if ((await countStaff(tx)) === 0) await make(tx, OPERATOR);
}

async function clientsOf(tx: TenantTx, ibId: IbId | undefined): Promise<{ id: ClientId; name: string }[]> {
  const asker = { reach: reachesEverything, masked: new Set<string>() };
  return (await pageOfClients(tx, asker, { ibId }, { limit: 10, sort: 'createdAt' })).rows;
}

/** The first IB that is below another one and above a third: it sees its part of the tree and not the rest. */
async function ibWithSubtree(tx: TenantTx) {
  const ibs = await ibsAsOf(tx, {});
  const above = new Set(ibs.map(({ parentKey }) => parentKey));
  return ibs.find(({ key, parentKey }) => parentKey !== null && above.has(key));
}
