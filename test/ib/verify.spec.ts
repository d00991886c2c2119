import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClients } from '../../src/clients/index.ts';
import { createIbs, linkClients, verifyTree } from '../../src/ib/index.ts';
import type { Finding } from '../../src/platform/events/index.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const since = new Date('2016-01-01T00:00:00Z');

describe('Verification finds what must not be, also what the database would have refused', () => {
  let acme: TestTenant;
  beforeAll(async () => {
    acme = await openTestTenant();
  });
  afterAll(() => acme.close());

  /** Maria > Omar > Lena, with a client of Lena's, in a tenant that has nothing else. */
  const scene = () =>
    acme.inTenant(async (tx) => {
      const [maria, omar, lena] = await createIbs(tx, [
        { name: 'Maria', parent: null, validFrom: since },
        { name: 'Omar', parent: 0, validFrom: since },
        { name: 'Lena', parent: 1, validFrom: since },
      ]);
      const [client] = await createClients(tx, [{ name: 'A client' }]);
      if (maria === undefined || omar === undefined || lena === undefined || client === undefined)
        throw new Error('three IBs and a client');
      await linkClients(tx, [{ clientKey: client.key, ibKey: lena.key, validFrom: since }]);
      return { maria: maria.key, omar: omar.key, lena: lena.key, client: client.key };
    });

  /** What is found while the breach stands: planted by the administrator, who passes all guards, then taken back. */
  async function findingsWith(breach: string): Promise<Finding[]> {
    const { provisioning, withTenant } = acme.tenancy;
    const keys = await scene();
    const statement = breach.replace(/\{(\w+)\}/g, (_all, name: string) => String(keys[name as keyof typeof keys]));
    return asAdmin(provisioning, acme.tenant.database, (pool) =>
      pool
        .transaction(async (sql) => {
          await sql.raw('set local session_replication_role = replica');
          await sql.raw(statement);
          const found = await withTenant(acme.tenant.id, { actor: 'test', causation: 'test' }, (tx) =>
            verifyTree({ ...tx, sql }),
          );
          throw Object.assign(new Error('taken back'), { found });
        })
        .catch((error: unknown) => {
          if (error instanceof Error && 'found' in error) return error.found as Finding[];
          throw error;
        }),
    );
  }
  const rulesOf = (findings: readonly Finding[]) => [...new Set(findings.map((finding) => finding.rule))].sort();

  it('nothing in a tree that is right', async () => {
    expect(await findingsWith('select')).toEqual([]);
  });

  it('a row that the closure lacks, that it has too many, or that holds at another time', async () => {
    const lacking = await findingsWith(
      'delete from ib.closure where descendant_key = {lena} and ancestor_key = {maria}',
    );
    expect(rulesOf(lacking)).toEqual(['ib.closure_follows_from_edges']);
    expect(lacking[0]?.detail).toMatch(/the closure never$/);
    const tooMany = await findingsWith(
      `insert into ib.closure values ({maria}, {lena}, 1, '2020-01-01', '2020-01-02', now())`,
    );
    expect(rulesOf(tooMany)).toEqual(['ib.closure_follows_from_edges']);
    const otherTime = await findingsWith(
      `update ib.closure set valid_from = '2020-01-01' where descendant_key = {lena} and ancestor_key = {maria}`,
    );
    expect(rulesOf(otherTime)).toEqual(['ib.closure_follows_from_edges']);
  });

  it('a cycle', async () => {
    const found = await findingsWith(`update ib.edges set parent_key = {lena} where child_key = {maria}`);
    expect(rulesOf(found)).toEqual(['ib.closure_follows_from_edges', 'ib.no_cycle']);
    expect(found.filter((finding) => finding.rule === 'ib.no_cycle')).toHaveLength(3);
  });

  it('an IB with two parents at one time, or with none that is said', async () => {
    const two = await findingsWith(
      `insert into ib.edges (child_key, parent_key, valid_from, valid_to, recorded_at, reason)
       values ({lena}, {maria}, '2020-01-01', '2021-01-01', now(), 'planted')`,
    );
    expect(rulesOf(two)).toEqual(['ib.closure_follows_from_edges', 'ib.validities_do_not_overlap']);
    const gap = await findingsWith(`update ib.edges set valid_to = '2020-01-01' where child_key = {maria}`);
    expect(rulesOf(gap)).toEqual(['ib.one_parent_at_a_time']);
  });

  it('an IB without a row to itself', async () => {
    const found = await findingsWith(`delete from ib.closure where descendant_key = {lena} and depth = 0`);
    expect(rulesOf(found)).toEqual(['ib.closure_follows_from_edges', 'ib.self_row']);
  });

  it('a validity that ends before it begins, and two statuses at one time', async () => {
    const reversed = await findingsWith(
      `alter table ib.client_links drop constraint client_links_check;
       update ib.client_links set valid_to = '2015-01-01' where client_key = {client}`,
    );
    expect(rulesOf(reversed)).toEqual(['ib.validities_do_not_overlap']);
    const statuses = await findingsWith(
      `insert into ib.statuses (ib_key, status, valid_from, valid_to, recorded_at, reason)
       values ({lena}, 'suspended', '2020-01-01', '2022-01-01', now(), 'planted'), ({lena}, 'terminated', '2021-01-01', 'infinity', now(), 'planted')`,
    );
    expect(rulesOf(statuses)).toEqual(['ib.validities_do_not_overlap']);
  });

  it('a client of two IBs at one time, or of an IB before it was there', async () => {
    const two = await findingsWith(
      `insert into ib.client_links (client_key, ib_key, valid_from, valid_to, recorded_at, reason)
       values ({client}, {omar}, '2020-01-01', '2021-01-01', now(), 'planted')`,
    );
    expect(rulesOf(two)).toEqual(['ib.one_ib_per_client_at_a_time']);
    const early = await findingsWith(
      `update ib.client_links set valid_from = '2010-01-01' where client_key = {client}`,
    );
    expect(rulesOf(early)).toEqual(['ib.one_ib_per_client_at_a_time']);
  });
});
