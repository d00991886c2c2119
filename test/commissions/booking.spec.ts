import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openAccounts } from '../../src/clients/index.ts';
import { bookBatch, explain } from '../../src/commissions/index.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { DealId, dealIdOf } from '../../src/kernel/ids.ts';
import { moveIb, relinkClient, setStatus } from '../../src/ib/index.ts';
import { type LookedAt, mendParked } from '../../src/commissions/mending/service.ts';
import { decodeId } from '../../src/kernel/ids.ts';
import { query } from '../../src/platform/query.ts';
import { resolveParked } from '../../src/trading/due/queries.ts';
import type { TenantTx } from '../../src/platform/tenant-tx.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import { parkedDeals, type RawDeal, rerunParked } from '../../src/trading/index.ts';
import { type Brokerage, openBrokerage } from '../support/brokerage.ts';
import { openTestTenant, testLog, testOrigin, type TestTenant } from '../support/tenancy.ts';

const sums = query(
  'test.rebate_sums',
  z.object({ name: z.string().nullable(), units: z.bigint() }),
  `
  select i.name, sum(r.units)::bigint as units from commissions.rebates r left join ib.ibs i on r.kind = 1 and i.key = r.beneficiary
   group by i.name order by i.name nulls last`,
);
const counts = query(
  'test.counts',
  z.object({ due: z.int(), bookings: z.int(), transfers: z.int(), batches: z.int() }),
  `
  select (select count(*)::int from trading.due) as due, (select count(*)::int from commissions.bookings) as bookings,
         (select count(*)::int from ledger.transfers) as transfers, (select count(*)::int from commissions.batches) as batches`,
);
const reasons = query(
  'test.unpaid_reasons',
  z.object({ reason: z.string(), count: z.int() }),
  `
  select reason, count(*)::int as count from commissions.unpaid where component = -1 group by reason order by reason`,
);
const dealKeyOf = query(
  'test.deal_key',
  z.object({ key: z.bigint() }),
  `select max(key) as key from trading.deals where closed_volume > 0`,
);

let acme: TestTenant;
let brokerage: Brokerage;
const open = async (words?: Parameters<typeof openBrokerage>[1]): Promise<void> => {
  acme = await openTestTenant();
  brokerage = await openBrokerage(acme, words);
};
const rebates = async (): Promise<Record<string, bigint>> =>
  Object.fromEntries((await acme.inTenant((tx) => sums(tx, {}))).map(({ name, units }) => [name ?? 'house', units]));
const usd = (text: string): bigint =>
  BigInt(text.replace('.', '').padEnd(text.indexOf('.') < 0 ? text.length + 6 : text.indexOf('.') + 6, '0'));

describe('A closed trade becomes rebates', () => {
  beforeAll(() => open());
  afterAll(() => acme.close());

  it('shares 1.37 lots at agreed rates of 8, 7, 5.50 and 4 up the tree to the unit', async () => {
    await brokerage.feed(brokerage.deal({ lots: '1.37' }));
    expect(await brokerage.book()).toMatchObject({ claimed: 1, booked: 1, rebates: 4 });
    expect(await rebates()).toEqual({ Kim: usd('5.48'), Lena: usd('2.055'), Omar: usd('2.055'), Maria: usd('1.37') });
  });

  it('books nothing twice, however often it is asked', async () => {
    const before = await acme.inTenant((tx) => counts(tx, {}));
    expect(await brokerage.book()).toMatchObject({ claimed: 0 });
    expect(await acme.inTenant((tx) => counts(tx, {}))).toEqual(before);
  });

  it('writes one transfer per beneficiary and value date and one batch, whatever the number of trades', async () => {
    const before = await acme.inTenant((tx) => counts(tx, {}));
    await brokerage.feed(Array.from({ length: 50 }, () => brokerage.deal({ lots: '0.10' })).flat());
    await brokerage.book();
    const [row] = await acme.inTenant((tx) => counts(tx, {}));
    expect(row).toEqual({
      due: 0,
      bookings: 51,
      transfers: (before[0]?.transfers ?? 0) + 4,
      batches: (before[0]?.batches ?? 0) + 1,
    });
  });
});

describe('A trade belongs to its own time', () => {
  beforeAll(() => open());
  afterAll(() => acme.close());
  const minute = 60_000;

  it('uses the tree, links and statuses as of the close, not of the booking', async () => {
    const before = new Date(Date.now() - 10 * minute);
    const [kim, omar] = [brokerage.ibs.get('Kim'), brokerage.ibs.get('Omar')];
    if (kim === undefined || omar === undefined) throw new Error('the chain has Kim and Omar');
    await acme.inTenant((tx) => moveIb(tx, { ibId: kim.id, parentId: null, reason: 'leaves' }));
    await acme.inTenant((tx) => setStatus(tx, { ibId: omar.id, status: 'suspended', reason: 'audit' }));
    await brokerage.feed(brokerage.deal({ lots: '1', closedAt: before })); // Closed while Kim was below Lena still.
    await brokerage.book();
    expect(await rebates()).toEqual({ Kim: usd('4'), Lena: usd('1.5'), Omar: usd('1.5'), Maria: usd('1') });
  });

  it('gives trades after the move to the new chain only', async () => {
    const old = await rebates();
    await brokerage.feed(brokerage.deal({ lots: '1', closedAt: new Date(Date.now() + minute), heldMs: 1 }));
    await brokerage.book();
    expect(await rebates()).toEqual({ ...old, Kim: (old['Kim'] ?? 0n) + usd('4'), house: usd('4') });
  });

  it('lets a client that moves take only the trades that close afterwards along', async () => {
    const lena = brokerage.ibs.get('Lena');
    const [client] = brokerage.seed.clients;
    if (lena === undefined || client === undefined) throw new Error('the chain has Lena, and there is a client');
    const old = await rebates();
    const moveAt = new Date(Date.now() + 5 * minute);
    await acme.inTenant((tx) =>
      relinkClient(tx, { clientKey: 1, ibId: lena.id, effectiveAt: moveAt, reason: 'asked for' }),
    );
    await brokerage.feed([
      ...brokerage.deal({ closedAt: new Date(moveAt.getTime() - 1), heldMs: 10 }),
      ...brokerage.deal({ closedAt: moveAt, heldMs: 10 }),
    ]);
    await brokerage.book();
    const now = await rebates();
    expect((now['Kim'] ?? 0n) - (old['Kim'] ?? 0n)).toBe(usd('4')); // The one a millisecond before.
    expect((now['Lena'] ?? 0n) - (old['Lena'] ?? 0n)).toBe(usd('5.5'));
  });
});

describe('Nothing is lost that cannot be booked', () => {
  beforeAll(() => open({ plan: { filters: [{ kind: 'minimum_time_open', seconds: 60 }] } }));
  afterAll(() => acme.close());

  it('keeps the reason of a trade that pays nothing', async () => {
    await brokerage.feed(brokerage.deal({ heldMs: 59_000 }));
    expect(await brokerage.book()).toMatchObject({ unpaid: 1, rebates: 0 });
    expect(await acme.inTenant((tx) => reasons(tx, {}))).toEqual([{ reason: 'below_minimum_time', count: 1 }]);
  });

  it('parks a close whose open has not come, and books it once it has', async () => {
    const [opening, closing] = brokerage.deal();
    if (opening === undefined || closing === undefined) throw new Error('a position has two deals');
    await brokerage.feed([closing]);
    expect(await brokerage.book()).toMatchObject({ parked: 1, booked: 0 });
    await brokerage.feed([opening]);
    await acme.inTenant((tx) => rerunParked(tx, { code: 'commissions.open_unknown', max: 10 }));
    expect(await brokerage.book()).toMatchObject({ booked: 1 });
  });

  it('gives up on a deal that is parked again each time it was put back: it waits for a person then', async () => {
    await brokerage.feed(brokerage.deal({ heldMs: -5_000 })); // Its open lies behind its close.
    const lookedAt: LookedAt = new Map();
    for (let round = 0; round < 8; round += 1) {
      await brokerage.book();
      await acme.inTenant((tx) => mendParked(tx, lookedAt));
    }
    expect(await brokerage.book()).toMatchObject({ claimed: 0 });
    const [parked] = await acme.inTenant((tx) => parkedDeals(tx, { limit: 10 }));
    expect(parked).toMatchObject({ code: 'commissions.open_unknown', times: 5 });
    await acme.inTenant((tx) => resolveParked(tx, { dealKeys: [decodeId(parked?.id ?? '')], resolutions: ['kept'] }));
  });

  it('finds the one deal at fault by halving, parks it with what went wrong and books all others', async () => {
    await brokerage.feed(Array.from({ length: 40 }, () => brokerage.deal()).flat());
    const [poison] = await acme.inTenant((tx) => dealKeyOf(tx, {}));
    const key = (poison?.key ?? 0n) - 20n;
    const constraint = (sql: string): Promise<unknown> =>
      asAdmin(acme.tenancy.provisioning, acme.tenant.database, (pool) => pool.raw(sql));
    await constraint(`alter table commissions.bookings add constraint planted check (deal_key <> ${key}) not valid`);
    const task = { tenantId: acme.tenant.id, origin: testOrigin, max: 1_000, atCommit: async () => undefined };
    const deps = { withTenant: acme.tenancy.withTenant, memory: brokerage.memory, log: testLog };
    expect(await bookBatch(deps, task)).toMatchObject({ claimed: 40, booked: 39, parked: 1 });
    expect(await acme.inTenant((tx) => parkedDeals(tx, { limit: 10 }))).toMatchObject([
      { code: 'commissions.deal_fails', detail: '23514' },
    ]);
    expect(await acme.inTenant((tx) => counts(tx, {}))).toMatchObject([{ due: 0 }]);
    await constraint('alter table commissions.bookings drop constraint planted');
    await acme.inTenant((tx) => rerunParked(tx, { code: 'commissions.deal_fails', max: 10 }));
    expect(await bookBatch(deps, task)).toMatchObject({ booked: 1 });
  });

  it('ends its job also where all that it took is parked', async () => {
    await brokerage.feed(brokerage.deal());
    const [poison] = await acme.inTenant((tx) => dealKeyOf(tx, {}));
    const constraint = (sql: string): Promise<unknown> =>
      asAdmin(acme.tenancy.provisioning, acme.tenant.database, (pool) => pool.raw(sql));
    await constraint(
      `alter table commissions.bookings add constraint planted check (deal_key <> ${poison?.key ?? 0n}) not valid`,
    );
    let committed = 0;
    const atCommit = async (tx: TenantTx): Promise<void> => {
      const parked = await parkedDeals(tx, { code: 'commissions.deal_fails', limit: 10 });
      committed = parked.length; // The last time counts: those before were undone.
    };
    const deps = { withTenant: acme.tenancy.withTenant, memory: brokerage.memory, log: testLog };
    const task = { tenantId: acme.tenant.id, origin: testOrigin, max: 1_000, atCommit };
    expect(await bookBatch(deps, task)).toMatchObject({ claimed: 1, booked: 0, parked: 1 });
    expect(committed).toBe(1);
    await constraint('alter table commissions.bookings drop constraint planted');
    await acme.inTenant((tx) => rerunParked(tx, { code: 'commissions.deal_fails', max: 10 }));
    expect(await brokerage.book()).toMatchObject({ booked: 1 });
  });

  it('parks nothing when a constraint of what all bookings share refuses them', async () => {
    await brokerage.feed(brokerage.deal());
    const constraint = (sql: string): Promise<unknown> =>
      asAdmin(acme.tenancy.provisioning, acme.tenant.database, (pool) => pool.raw(sql));
    const task = { tenantId: acme.tenant.id, origin: testOrigin, max: 1_000, atCommit: async () => undefined };
    const deps = { withTenant: acme.tenancy.withTenant, memory: brokerage.memory, log: testLog };
    for (const table of ['commissions.batches', 'platform.events']) {
      await constraint(`alter table ${table} add constraint planted check (false) not valid`);
      await expect(bookBatch(deps, task), table).rejects.toMatchObject({ code: '23514' });
      await constraint(`alter table ${table} drop constraint planted`);
    }
    expect(await bookBatch(deps, task)).toMatchObject({ booked: 1, parked: 0 });
  });

  it('parks nothing when the fault lies in the database and not in a deal', async () => {
    await brokerage.feed(brokerage.deal());
    const grant = (sql: string): Promise<unknown> =>
      asAdmin(acme.tenancy.provisioning, acme.tenant.database, (pool) => pool.raw(sql));
    await grant('revoke insert on commissions.bookings from cascade_app');
    const task = { tenantId: acme.tenant.id, origin: testOrigin, max: 1_000, atCommit: async () => undefined };
    const deps = { withTenant: acme.tenancy.withTenant, memory: brokerage.memory, log: testLog };
    await expect(bookBatch(deps, task)).rejects.toMatchObject({ code: '42501' });
    await grant('grant insert on commissions.bookings to cascade_app');
    expect(await bookBatch(deps, task)).toMatchObject({ booked: 1, parked: 0 });
  });
});

describe('A trade that is not booked says why, for ever', () => {
  beforeAll(() => open());
  afterAll(() => acme.close());
  const closing = (deals: RawDeal[]): RawDeal => {
    const deal = deals.at(-1);
    if (deal === undefined) throw new Error('a position has two deals');
    return deal;
  };
  const last = async (): Promise<DealId> => {
    const [row] = await acme.inTenant((tx) => dealKeyOf(tx, {}));
    return dealIdOf(row?.key ?? 0n);
  };
  const demo = 900_777n;

  it.each([
    ['waits', 'due', () => closing(brokerage.deal())],
    ['is parked', 'parked', () => closing(brokerage.deal({ login: 1n }))],
    ['is an execution of the platform itself', 'technical', () => ({ ...closing(brokerage.deal()), Reason: 15 })],
    ['is of a demo account', 'group_unpaid', () => closing(brokerage.deal({ login: demo }))],
  ])('because it %s', async (_words, reason, deal) => {
    if (reason === 'group_unpaid')
      await acme.inTenant((tx) =>
        openAccounts(tx, [
          { clientKey: 1, server: 'Test-Live', login: demo, group: 'demo\\standard', currency: Currency.parse('USD') },
        ]),
      );
    await brokerage.feed([deal()]);
    const asked = await last();
    await expect(acme.inTenant((tx) => explain(tx, asked))).rejects.toMatchObject({
      code: 'commissions.booking_unknown',
      members: { reason },
    });
  });

  it.each(['dea_00000000000000000000009999', 'dea_7ZZZZZZZZZZZZZZZZZZZZZZZZZ'])(
    'because %s is nobody',
    async (nobody) => {
      await expect(acme.inTenant((tx) => explain(tx, DealId.parse(nobody)))).rejects.toMatchObject({
        code: 'commissions.booking_unknown',
        members: { reason: 'absent' },
      });
    },
  );
});
