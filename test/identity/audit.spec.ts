import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpServer } from '../../src/http/index.ts';
import { auditRoutes } from '../../src/identity/index.ts';
import { makeRealmOf } from '../../src/identity/realm.ts';
import { uuidFromId } from '../../src/kernel/ids.ts';
import type { Caller } from '../../src/platform/access.ts';
import { chainHash } from '../../src/platform/events/chain.ts';
import { emit, verifyEvents } from '../../src/platform/events/index.ts';
import { csvCell } from '../../src/platform/csv.ts';
import { createTenantClient } from '../../src/platform/tenant-client.ts';
import { serveGuarded } from '../support/guarded.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';
import { callerOf, newUserId } from './callers.ts';

type Entry = {
  seq: string;
  recordedAt: string;
  actor: { kind: string; id: string; name: string | null; as: string | null };
  type: string;
  stream: string;
  before: unknown;
  after: unknown;
  details: Record<string, unknown>;
  causation: string;
  hash: string;
};
type Page = { data: Entry[]; nextCursor: string | null };

describe('The audit trail', () => {
  let acme: TestTenant;
  let server: HttpServer;
  const client = createTenantClient();
  const lena = newUserId();
  const omar = newUserId();
  const key = 'key_01J9Z3K5T6V7W8X9Y0ABCDEFGH';
  const callers = new Map<string, Caller>([
    ['auditor', callerOf({ roles: ['auditor'] })],
    ['sales', callerOf({ roles: ['sales'] })],
    ['client', callerOf({ roles: ['client'], surface: 'portal', provenAt: null })],
    ['operator', callerOf({ kind: 'operator', roles: ['operator'], surface: 'ops' })],
  ]);
  const did = (actor: string, causation: string, type: string, payload = {}) =>
    acme.tenancy.withTenant(acme.tenant.id, { actor, causation }, async (tx) =>
      emit(tx, { stream: `users/${omar}`, type, schemaVersion: 1, payload }),
    );
  let middle: Date;

  beforeAll(async () => {
    acme = await openTestTenant();
    const realmOf = makeRealmOf(acme.tenancy);
    server = await serveGuarded(acme.tenancy, callers, (guard) => auditRoutes({ realmOf, guard }));
    await acme.inTenant((tx) =>
      tx.sql.raw(
        `insert into identity.users (id, email, email_key, name) values (?, 'lena@example.com', 'lena@example.com', 'Lena')`,
        [uuidFromId(lena)],
      ),
    );
    await did(lena, 'req_1', 'identity.user_suspended', {
      before: { status: 'active' },
      after: { status: 'suspended' },
      reason: 'left',
    });
    await did(lena, 'req_2', 'identity.role_given', { role: 'finance' });
    await did(key, 'req_3', 'clients.created', { ids: [] });
    middle = new Date();
    await did(`${lena} as ${omar}`, 'req_4', 'clients.revealed', { fields: ['email'] });
    await did(`platform ${lena}`, 'req_5', 'identity.entry_used', {});
    for (let count = 0; count < 20; count += 1)
      await did('feed', `batch_${count}`, 'trading.deals_received', { count });
    await acme.tenancy.withControl(
      async (tx) =>
        emit(tx, { stream: 'tenants', type: 'tenancy.suspended', schemaVersion: 1, payload: { reason: '=2+5' } }),
      { actor: lena, causation: 'req_9' },
    );
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
    await acme.close();
  });

  const get = (path: string, token = 'auditor', host = 'acme.localhost') =>
    client.send({
      url: `http://${host}:${server.port}${path}`,
      method: 'GET',
      headers: { authorization: `Bearer ${token}` },
      responseBytesMax: 10_000_000,
      timeoutMs: 10_000,
    });
  const list = async (query = ''): Promise<Page> => (await get(`/api/v1/audit${query}`)).json() as Page;
  const types = async (query: string) => (await list(query)).data.map(({ type }) => type);

  it('says who did what, when, to what, how it was and how it is, and because of which request', async () => {
    const { data } = await list('?sort=seq&limit=1');
    expect(data).toEqual([
      {
        seq: '1',
        recordedAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        actor: { kind: 'user', id: lena, name: 'Lena', as: null },
        type: 'identity.user_suspended',
        stream: `users/${omar}`,
        version: 1,
        before: { status: 'active' },
        after: { status: 'suspended' },
        details: { reason: 'left' },
        causation: 'req_1',
        hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      },
    ]);
  });

  it('tells whose eyes were used, the platform inside the tenant, and programs', async () => {
    const actors = (await list('?sort=seq&limit=6')).data.map(({ actor }) => actor);
    expect(actors.slice(2)).toEqual([
      { kind: 'api_key', id: key, name: null, as: null },
      { kind: 'user', id: lena, name: 'Lena', as: omar },
      { kind: 'platform', id: lena, name: 'Lena', as: null },
      { kind: 'system', id: 'feed', name: null, as: null },
    ]);
  });

  it('is searched by who, by the beginning of what, by stream, by request and by time', async () => {
    expect(await types(`?actor=${lena}&sort=seq`)).toEqual([
      'identity.user_suspended',
      'identity.role_given',
      'clients.revealed',
      'identity.entry_used',
    ]);
    expect(await types('?type=clients.&sort=seq')).toEqual(['clients.created', 'clients.revealed']);
    expect(await types('?type=clients_')).toEqual([]); // An underscore is no wildcard.
    expect(await types(`?stream=users/${omar}&causation=req_2`)).toEqual(['identity.role_given']);
    expect(await types(`?to=${middle.toISOString()}&sort=seq`)).toEqual([
      'identity.user_suspended',
      'identity.role_given',
      'clients.created',
    ]);
    expect(await types(`?from=${middle.toISOString()}&sort=seq&limit=2`)).toEqual([
      'clients.revealed',
      'identity.entry_used',
    ]);
    expect(await types(`?from=2099-01-01T00:00:00Z`)).toEqual([]);
    expect(await types(`?to=2001-01-01T00:00:00Z`)).toEqual([]);
    expect(await types('?from=0000-01-01T00:00:00Z&to=9999-12-31T23:59:59Z&sort=seq&limit=1')).toHaveLength(1);
  });

  it.each(['-seq', 'seq'])('is paged by %s without gap or double while it grows', async (sort) => {
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Page = await list(`?type=trading.&limit=6&sort=${sort}${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.data.map(({ causation }) => causation));
      cursor = page.nextCursor;
      if (seen.length < 10) await did('feed', 'later', 'trading2.deals_received');
    }
    const all = Array.from({ length: 20 }, (_none, count) => `batch_${count}`);
    expect(seen).toEqual(sort === 'seq' ? all : all.toReversed());
  });

  it.each(['?sort=actor', '?type=%25', '?unknown=1', '?limit=1000', '?from=yesterday'])('refuses %s', async (query) => {
    expect((await get(`/api/v1/audit${query}`)).status).toBe(400);
  });

  it('is for those whom the table of rights names, each on the own host', async () => {
    expect((await get('/api/v1/audit', 'sales')).status).toBe(403);
    expect((await get('/api/v1/audit', 'client')).status).toBe(403);
    expect((await get('/api/v1/audit/export', 'sales')).status).toBe(403);
    expect((await get('/api/v1/operator-audit')).status).toBe(404);
    expect((await get('/api/v1/audit', 'operator', 'localhost')).status).toBe(404);
  });

  it('of the installation is the operators’', async () => {
    const answer = await get('/api/v1/operator-audit?type=tenancy.suspended', 'operator', 'localhost');
    expect((answer.json() as Page).data).toMatchObject([{ type: 'tenancy.suspended', causation: 'req_9' }]);
    const exported = await get('/api/v1/operator-audit/export?format=csv', 'operator', 'localhost');
    expect(exported.text()).toContain('tenancy.suspended');
  });

  it('is exported with the hashes by which anybody can check it, and the export is an event', async () => {
    const answer = await get('/api/v1/audit/export');
    expect(answer.headers['content-type']).toBe('application/x-ndjson');
    const rows = answer
      .text()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string> & { payload: Record<string, never> });
    let before = Buffer.alloc(32);
    for (const { previousHash, hash, ...event } of rows) {
      expect(previousHash).toBe(before.toString('hex'));
      const { seq = '0', recordedAt = '' } = event;
      const stored = { ...event, seq: BigInt(seq), recordedAt: new Date(recordedAt) } as unknown as Parameters<
        typeof chainHash
      >[1];
      before = Buffer.from(chainHash(before, stored));
      expect(before.toString('hex')).toBe(hash);
    }
    expect(answer.headers['cascade-chain-head']).toBe(`${rows.length}:${before.toString('hex')}`);
    const { data } = await list('?type=audit.&limit=1');
    expect(data).toMatchObject([
      { type: 'audit.exported', stream: 'audit', details: { format: 'ndjson', filter: {}, upTo: String(rows.length) } },
    ]);
    expect(await acme.inTenant((tx) => verifyEvents(tx))).toEqual([]);
  });

  it('is exported as CSV, narrowed by the same filters, over more rows than are read at once', async () => {
    await acme.inTenant(async (tx) => {
      for (let count = 0; count < 1_201; count += 1)
        emit(tx, { stream: 'many', type: 'many.happened', schemaVersion: 1, payload: { text: 'a,"b"\n', count } });
    });
    const answer = await get('/api/v1/audit/export?format=csv&type=many.');
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(answer.headers['content-disposition']).toBe('attachment; filename="audit.csv"');
    const lines = answer.text().trimEnd().split('\r\n');
    expect(lines[0]).toBe('seq,recordedAt,actor,type,stream,version,schemaVersion,causation,payload,previousHash,hash');
    expect(lines).toHaveLength(1_202);
    expect(lines.at(-1)).toMatch(/,test,many\.happened,many,1201,1,test,"\{""text"": *""a/);
  });

  it('holds nothing in its CSV that a spreadsheet would run', () => {
    for (const text of ['=1+1', '+1', '-1+1', '-a1', '-1.', '@sum(a1)', '\t=1', '\r=1'])
      expect(csvCell(text)).toMatch(/^"?'/);
    expect(csvCell(-5)).toBe('-5');
    expect(['-5', '-72.33186'].map(csvCell), 'amounts are text, and can be added up').toEqual(['-5', '-72.33186']);
    expect(csvCell('a "b", c')).toBe('"a ""b"", c"');
  });

  it('is exported at most twice at once', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => get('/api/v1/audit/export')));
    const statuses = answers.map(({ status }) => status);
    expect(statuses).toContain(200);
    for (const { status, headers, text } of answers) {
      if (status === 200) continue;
      expect([status, headers['retry-after']]).toEqual([429, '10']);
      expect(text()).toContain('identity.exports_running');
    }
  });
});
