import { appendFileSync } from 'node:fs';
import { Agent } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../src/clients/people/contract.ts';
import { createIbOperation as createIb } from '../../src/ib/contract.ts';
import type { Currency } from '../../src/kernel/currency.ts';
import type { ClientId, IbId } from '../../src/kernel/ids.ts';
import type { OperationForm } from '../../src/kernel/operation.ts';
import { listLedgerAccounts } from '../../src/ledger/accounts/contract.ts';
import { ensureAccounts } from '../../src/ledger/index.ts';
import { allOperations } from '../../src/main/api-routes.ts';
import { OPERATOR_TOKEN, type TestApi, openTestApi } from '../support/api.ts';
import { readConformance } from '../support/conformance.ts';
import { makePerson } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';
import { type Asker, attack } from './attack.ts';
import { KnownIds } from './schemas.ts';

/** `npm run fuzz` asks every operation a thousand times or more; `npm test` a few times, always the same ones. */
const COUNT = Number(process.env.FUZZ_INPUTS ?? 8);
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_120);
const REPORT_FILE = process.env.FUZZ_REPORT_FILE;
const MEMORY_BYTES_MAX = 1_073_741_824;
const MAY_END_SESSIONS = /^\/api\/v1\/(auth|users|operators|roles|invitations)/;
const TEST_MS_MAX = 30_000 + COUNT * 200;

/** What makes things comes before what reads and changes them: so there is something to find. */
const makersFirst = allOperations().toSorted((left, right) => rankOf(left) - rankOf(right));
function rankOf({ method, path }: OperationForm): number {
  return method === 'post' && !path.includes('{') ? 0 : 1;
}

describe('Whatever is sent, an answer is as described, soon, and tells nothing of the inside', () => {
  let api: TestApi;
  const ids = new KnownIds();
  const conformance = readConformance();
  const agent = new Agent({ connections: 16 });
  let people: Readonly<Record<string, { readonly clientId?: ClientId; readonly ibId?: IbId }>> = {};

  beforeAll(async () => {
    api = await openTestApi({ tenants: ['acme', 'zenith'] });
    const { token } = await makePerson(api, { roles: ['owner'] });
    const ib = (await api.call(createIb, { token, body: { name: 'Lena', parentId: null } })).ok();
    const client = (
      await api.call(createClient, {
        token,
        body: { name: 'Kim', firstName: 'Kim', lastName: 'Park', email: 'kim@example.com' },
      })
    ).ok();
    const currency = 'USD' as Currency;
    await api.withTenant(api.tenantOf('acme').id, testOrigin, (tx) =>
      ensureAccounts(tx, [
        { purpose: 'house_capital', owner: 0, currency },
        { purpose: 'commission_expense', owner: 0, currency },
      ]),
    );
    const books = (await api.call(listLedgerAccounts, { token })).ok();
    ids.harvest(JSON.stringify([ib, client, books, api.tenantOf('zenith').id]));
    people = {
      owner: {},
      compliance: {},
      sales: {},
      auditor: {},
      client: { clientId: client.id },
      ib: { ibId: ib.id },
    };
  });
  afterAll(async () => {
    await agent.close();
    await api.close();
  });

  const bearer = (token: string) => `Bearer ${token}`;
  let known: { readonly inside: readonly Asker[]; readonly operator: Asker } | undefined;
  const askersMade = async () => {
    const inside: Asker[] = [];
    for (const [role, more] of Object.entries(people)) {
      const { token } = await makePerson(api, { roles: [role], ...more });
      inside.push({ role, tenant: 'acme', authorization: bearer(token) });
    }
    const operator = await makePerson(api, { tenant: null });
    return { inside, operator: { role: 'operator', tenant: null, authorization: bearer(operator.token) } };
  };

  /** Made anew around operations that may end the session of who asks. The first may do most, and asks most. */
  const askersOf = async ({ on, need, path }: OperationForm): Promise<Asker[]> => {
    const nobody = { role: 'nobody', tenant: on === 'bare' ? null : 'acme', authorization: undefined };
    const liar = { ...nobody, role: 'liar', authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' };
    if (need === 'operator_token')
      return [{ role: 'operator', tenant: null, authorization: bearer(OPERATOR_TOKEN) }, nobody, liar];
    if (need === 'public' || need === 'signed') return [nobody];
    if (MAY_END_SESSIONS.test(path)) known = undefined;
    const { inside, operator } = (known ??= await askersMade());
    if (MAY_END_SESSIONS.test(path)) known = undefined;
    if (on === 'bare') return [operator, operator, operator, nobody, liar];
    const [owner] = inside;
    if (owner === undefined) throw new Error('nobody owns the tenant');
    const elsewhere = { ...owner, role: 'owner of acme at zenith', tenant: 'zenith' };
    return [owner, owner, owner, owner, ...inside, nobody, liar, elsewhere, ...(on === 'both' ? [operator] : [])];
  };

  it.for(makersFirst.map((operation) => [operation.id, operation] as const))(
    '%s',
    { timeout: TEST_MS_MAX },
    async ([, operation]) => {
      const tally = await attack({ port: api.port, conformance, ids, agent }, operation, await askersOf(operation), {
        count: COUNT,
        seed: SEED,
      });
      const memoryBytes = process.memoryUsage().rss;
      if (REPORT_FILE !== undefined) appendFileSync(REPORT_FILE, `${JSON.stringify({ ...tally, memoryBytes })}\n`);
      expect(tally.faults, `FUZZ_SEED=${SEED}`).toEqual([]);
      expect(memoryBytes).toBeLessThan(MEMORY_BYTES_MAX);
    },
  );
});
