import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { listTrades } from '../../src/commissions/trades/contract.ts';
import { listRebates } from '../../src/commissions/rebates/contract.ts';
import { type DealId, dealIdOf, encodeId, type SourceId } from '../../src/kernel/ids.ts';
import { query } from '../../src/platform/query.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import { createSource, liveSecrets, mapSymbols } from '../../src/trading/index.ts';
import { listParkedDeals, rerunParkedDeals } from '../../src/trading/due/contract.ts';
import { createFeedSource, listFeedSources, rotateFeedSource } from '../../src/trading/registry/contract.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from '../commissions/money-desk.ts';
import { makePerson } from '../support/people.ts';

const eventsOf = query(
  'test.source_events',
  z.object({ type: z.string(), actor: z.string(), payload: z.record(z.string(), z.unknown()) }),
  `select type, actor, payload from platform.events where stream = :stream order by version`,
);

describe('Sources of deals over HTTP', () => {
  let desk: MoneyDesk;
  const told: string[] = [];
  beforeAll(async () => {
    desk = await openMoneyDesk({ dependencies: { announceTrades: async (tenantId) => void told.push(tenantId) } });
  });
  afterAll(() => desk.api.close());

  const create = (name: string, token = desk.people.owner) =>
    desk.api.call(createFeedSource, { token, body: { server: 'Test-Live', name } });
  const list = async (query: object = {}) =>
    (await desk.api.call(listFeedSources, { token: desk.people.auditor, query })).ok();
  const secretsOf = (id: SourceId) =>
    desk.inTenant((tx) => liveSecrets(tx, { sealer: desk.api.deps.sealerOf('trading.sources') }, id));

  it('tell a secret once, when the source is made and when it is rotated', async () => {
    const made = (await create('second bridge')).ok();
    expect(await secretsOf(made.id)).toEqual([made.secret]);
    const listed = await list({ server: 'Test-Live' });
    expect(listed.data.map(({ name }) => name)).toContain('second bridge');
    expect(JSON.stringify(listed)).not.toContain(made.secret);
    const rotate = (body: object) =>
      desk.api.call(rotateFeedSource, { token: desk.people.owner, params: { sourceId: made.id }, body });
    const fresh = (await rotate({ previousValidSeconds: 60 })).ok();
    expect(await secretsOf(made.id)).toEqual([fresh.secret, made.secret]);
    expect((await list()).data.find(({ id }) => id === made.id)?.previousSecretUntil).not.toBeNull();
    const last = (await rotate({ previousValidSeconds: 0 })).ok();
    expect(await secretsOf(made.id)).toEqual([last.secret]);
    expect((await list()).data.find(({ id }) => id === made.id)?.previousSecretUntil).toBeNull();
    const events = await desk.inTenant((tx) => eventsOf(tx, { stream: `source/${made.id}` }));
    expect(events.map(({ type }) => type)).toEqual([
      'trading.source_created',
      'trading.secret_rotated',
      'trading.secret_rotated',
    ]);
    expect(events.every(({ actor }) => actor.startsWith('usr_'))).toBe(true);
    for (const secret of [made.secret, fresh.secret, last.secret]) expect(JSON.stringify(events)).not.toContain(secret);
  });

  it('are made by few, with a fresh second factor, on a server that is there', async () => {
    for (const token of [desk.people.finance, desk.people.auditor, desk.people.omar])
      expect((await create('mine', token)).status).toBe(403);
    const stale = await makePerson(desk.api, { roles: ['owner'], isProven: false });
    expect((await create('mine', stale.token)).status).toBe(403);
    expect((await create('second bridge')).code).toBe('trading.source_exists');
    const body = { server: 'Nowhere', name: 'x' };
    expect((await desk.api.call(createFeedSource, { token: desk.people.owner, body })).code).toBe(
      'trading.server_unknown',
    );
    const params = { sourceId: encodeId('src', 5n) as SourceId };
    const absent = await desk.api.call(rotateFeedSource, { token: desk.people.owner, params, body: {} });
    expect([absent.status, absent.code]).toEqual([404, 'trading.source_unknown']);
    for (const bad of [{ secret: 'x'.repeat(40) }, { previousValidSeconds: -1 }, { previousValidSeconds: 1e9 }]) {
      const answer = await desk.api.call(rotateFeedSource, { token: desk.people.owner, params, body: bad });
      expect(answer.status).toBe(422);
    }
    expect(
      (await desk.api.call(listFeedSources, { token: desk.people.owner, query: { sort: 'secret' as never } })).status,
    ).toBe(400);
  });

  it('are paged in the order in which they were made', async () => {
    const { sealer, clock } = { sealer: desk.api.deps.sealerOf('trading.sources'), clock: desk.api.deps.clock };
    await desk.inTenant(async (tx) => {
      for (const name of ['a', 'b', 'c']) await createSource(tx, { sealer, clock }, { server: 'Test-Live', name });
    });
    const names: string[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < 20; pages += 1) {
      const page = await list({ limit: '2', sort: '-created', ...(cursor === undefined ? {} : { cursor }) });
      names.push(...page.data.map(({ name }) => name));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    expect(names.slice(0, 3)).toEqual(['c', 'b', 'a']);
    expect(new Set(names).size).toBe(names.length);
  });

  describe('Parked deals', () => {
    const parked = async (query: object = {}, token = desk.people.auditor) =>
      (await desk.api.call(listParkedDeals, { token, query })).ok();
    const rerun = (body: object, token = desk.people.owner) => desk.api.call(rerunParkedDeals, { token, body });
    beforeAll(async () => {
      const { brokerage } = desk;
      const unmapped = ['GBPNOK', 'GBPNOK', 'USDNOK', 'GBPNOK'].flatMap((symbol) =>
        brokerage.deal({ login: LOGINS.ofLena, symbol }).slice(1),
      );
      await brokerage.feed(unmapped);
    });

    it('are listed with their reason, page by page', async () => {
      const first = await parked({ limit: '3' });
      expect(first.data).toMatchObject([
        { code: 'trading.symbol_unknown', symbol: 'GBPNOK', times: 1, lots: '1.00', login: '900001' },
        {},
        { symbol: 'USDNOK' },
      ]);
      const rest = await parked({ limit: '3', cursor: first.nextCursor ?? '' });
      expect([rest.data.length, rest.nextCursor]).toEqual([1, null]);
      expect((await parked({ code: 'trading.account_unknown' })).data).toEqual([]);
      for (const query of [{ code: "x' or 1=1" }, { cursor: 'x' }, { sort: 'code' }])
        expect(
          (await desk.api.call(listParkedDeals, { token: desk.people.owner, query: query as object })).status,
        ).toBe(400);
      expect((await desk.api.call(listParkedDeals, { token: desk.people.omar })).status).toBe(403);
    });

    it('go on when their cause is mended, one that cannot be read any more holds up none beside it, and workers are told', async () => {
      const [unreadable] = (await parked()).data;
      await asAdmin(desk.api.tenancy.provisioning, desk.api.tenantOf('acme').database, async (pool) => {
        await pool.raw('alter table trading.deals disable trigger append_only');
        await pool.raw(
          `update trading.deals set raw = '{"Deal":1}' where key = (select min(deal_key) from trading.parked)`,
        );
        await pool.raw('alter table trading.deals enable trigger append_only');
      });
      const [map] = desk.brokerage.seed.symbols;
      if (map === undefined) throw new Error('the seed has symbols');
      const symbols = [{ ...map, rawName: 'GBPNOK', symbol: 'GBPNOK' }];
      await desk.inTenant((tx) => mapSymbols(tx, { server: 'Test-Live', symbols, validFrom: new Date() }));
      expect((await rerun({})).ok()).toEqual({ due: 2, settled: 0, stillParked: 2, nextCursor: null });
      expect(told).toEqual([desk.api.tenantOf('acme').id]);
      expect((await parked()).data.map(({ dealId, code }) => [dealId, code])).toEqual([
        [unreadable?.dealId, 'trading.deal_unreadable'],
        [expect.stringMatching(/^dea_/), 'trading.symbol_unknown'],
      ]);
      expect((await rerun({ code: 'trading.deal_unreadable' })).ok()).toMatchObject({ due: 0, stillParked: 1 });
    });

    it('are run again by name, and ids that nobody has change nothing', async () => {
      const ids = [dealIdOf(5n), encodeId('dea', 2n ** 80n) as DealId];
      expect((await rerun({ dealIds: ids })).ok()).toEqual({ due: 0, settled: 0, stillParked: 0, nextCursor: null });
      const [still] = (await parked({ code: 'trading.symbol_unknown' })).data;
      expect((await rerun({ dealIds: [still?.dealId ?? ''] })).ok()).toMatchObject({ stillParked: 1 });
      expect((await rerun({ cursor: encodeId('dea', 2n ** 90n) })).ok()).toMatchObject({ stillParked: 0 });
      for (const body of [{ dealIds: [] }, { dealIds: ['5'] }, { code: 'x' }, { max: 5 }])
        expect((await rerun(body)).status).toBe(422);
      expect((await rerun({}, desk.people.auditor)).status).toBe(403);
    });

    it('are open to programs as far as their scopes reach', async () => {
      const program = await desk.programWith('parked:list', 'parked:rerun', 'trades:list');
      expect((await parked({}, program)).data).toHaveLength(2);
      expect((await rerun({}, program)).status).toBe(200);
      expect((await desk.api.call(listTrades, { token: program })).status).toBe(200);
      expect((await desk.api.call(listRebates, { token: program })).status).toBe(403);
      expect(
        (await desk.api.call(createFeedSource, { token: program, body: { server: 'Test-Live', name: 'p' } })).status,
      ).toBe(403);
    });
  });
});
