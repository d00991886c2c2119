import type { SeedBrokerage } from '../../seeds/brokerage.ts';
import type { ClientId, IbId } from '../../src/kernel/ids.ts';
import { listClients } from '../../src/clients/index.ts';
import { makeApiKey } from '../../src/identity/api-keys/service.ts';
import { openTestApi, type TestApiOptions } from '../support/api.ts';
import { type Brokerage, openBrokerage } from '../support/brokerage.ts';
import { makePerson } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';
import { Currency } from '../../src/kernel/currency.ts';

/** Logins of the three clients: below Lena, below Omar, below Zoe. */
export const LOGINS = { ofLena: 900_001n, ofOmar: 900_002n, ofZoe: 900_003n };

const USD = Currency.parse('USD');

/**
 * The API of a tenant with Maria above Omar above Lena, and Zoe beside them below Maria; each of Lena, Omar and Zoe has a
 * client. A tenth of the direct IB's part goes back to the client. With people of the roles that matter for money.
 */
export async function openMoneyDesk(options: TestApiOptions = {}, seed: Partial<SeedBrokerage> = {}) {
  const api = await openTestApi(options);
  const tenant = api.tenantOf('acme');
  const inTenant = <T>(work: Parameters<typeof api.withTenant<T>>[2]): Promise<T> =>
    api.withTenant(tenant.id, testOrigin, work);
  const account = (login: bigint) => [{ login, group: 'real\\standard', currency: USD }];
  const brokerage: Brokerage = await openBrokerage(
    { tenancy: api.tenancy, tenant, inTenant, close: api.close },
    {
      plan: { traderRebate: '10' },
      seed: {
        ibs: [
          { name: 'Maria', parent: null, rate: { plan: 0, rate: '8.00' } },
          { name: 'Omar', parent: 0, rate: { plan: 0, rate: '7.00' } },
          { name: 'Lena', parent: 1, rate: { plan: 0, rate: '5.50' } },
          { name: 'Zoe', parent: 0, rate: { plan: 0, rate: '3.00' } },
        ],
        clients: [
          { name: 'Client of Lena', ib: 2, accounts: account(LOGINS.ofLena) },
          { name: 'Client of Omar', ib: 1, accounts: account(LOGINS.ofOmar) },
          { name: 'Client of Zoe', ib: 3, accounts: account(LOGINS.ofZoe) },
        ],
        ...seed,
      },
    },
  );
  const listed = await inTenant((tx) => listClients(tx, { offset: 0, limit: 10 }));
  const clientOf = (login: bigint): ClientId => {
    const found = listed.find(({ logins }) => logins.includes(login));
    if (found === undefined) throw new Error(`nobody has the login ${login}`);
    return found.id;
  };
  const ibOf = (name: string): IbId => {
    const found = brokerage.ibs.get(name);
    if (found === undefined) throw new Error(`there is no IB ${name}`);
    return found.id;
  };
  const token = async (words: Parameters<typeof makePerson>[1]): Promise<string> =>
    (await makePerson(api, words)).token;
  const people = {
    owner: await token({ roles: ['owner'] }),
    finance: await token({ roles: ['finance'] }),
    otherFinance: await token({ roles: ['finance'] }),
    auditor: await token({ roles: ['auditor'] }),
    support: await token({ roles: ['support'] }),
    sales: await token({ roles: ['sales'] }),
    omar: await token({ roles: ['ib'], ibId: ibOf('Omar') }),
    lena: await token({ roles: ['ib'], ibId: ibOf('Lena') }),
    zoe: await token({ roles: ['ib'], ibId: ibOf('Zoe') }),
    clientOfLena: await token({ roles: ['client'], clientId: clientOf(LOGINS.ofLena) }),
    clientOfZoe: await token({ roles: ['client'], clientId: clientOf(LOGINS.ofZoe) }),
  };
  /** The token of a program with these scopes. */
  const programWith = async (...scopes: string[]): Promise<string> =>
    (await inTenant((tx) => makeApiKey(tx, { userId: null }, { name: scopes.join(' '), scopes }))).key;
  return { api, inTenant, brokerage, people, programWith, clientOf, ibOf };
}
export type MoneyDesk = Awaited<ReturnType<typeof openMoneyDesk>>;
