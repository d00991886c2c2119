import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Currency } from '../../src/kernel/currency.ts';
import { createClients, openAccounts } from '../../src/clients/index.ts';
import {
  claimDue,
  closingDeals,
  mapSymbols,
  opensOf,
  park,
  parkedCounts,
  parkedDeals,
  rerunParked,
  setClockRule,
  setGroups,
} from '../../src/trading/index.ts';
import { add, closing, type Desk, line, NOW_MS, openDesk, opening, SERVER, symbolNamed } from './desk.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { openTestTenancy } from '../support/tenancy.ts';

const T0 = 1_773_187_200;

describe('Parked deals are seen, and run again when their cause is mended', () => {
  let tenancy: Tenancy;
  let desk: Desk;
  beforeAll(async () => {
    tenancy = await openTestTenancy();
  });
  afterAll(() => tenancy.close());
  beforeEach(async () => {
    desk = await openDesk(tenancy);
  });
  const rerun = (choice: { code?: string; max?: number; after?: bigint } = {}) =>
    desk.inTenant((tx) => rerunParked(tx, { max: 100, ...choice }));
  const states = () =>
    desk.inTenant(async (tx) => (await closingDeals(tx, { after: 0n, limit: 100 })).map((each) => each.state));

  it('become due once their symbol is mapped, once only, as of their own time', async () => {
    await desk.send([
      add(closing(1, { Symbol: 'GBPUSD' })),
      add(opening(2, { Symbol: 'GBPUSD' })),
      add(closing(3, { Symbol: 'XAUUSD' })),
    ]);
    expect(await rerun()).toMatchObject({ dealKeys: [], settled: 0, stillParked: 3, next: undefined });
    await desk.inTenant((tx) =>
      mapSymbols(tx, { server: SERVER, symbols: [symbolNamed('GBPUSD')], validFrom: new Date(NOW_MS) }),
    );
    expect(await states()).toEqual(['parked', 'parked']);
    const both = await Promise.all([
      rerun({ code: 'trading.symbol_unknown' }),
      rerun({ code: 'trading.symbol_unknown' }),
    ]);
    expect(both.flatMap((each) => each.dealKeys)).toHaveLength(1);
    expect(both.reduce((sum, each) => sum + each.settled, 0)).toBe(1);
    expect(await states()).toEqual(['due', 'parked']);
    expect(await desk.inTenant((tx) => claimDue(tx, { max: 10 }))).toMatchObject([
      { ticket: 1n, symbol: 'GBPUSD', closedAt: T0 * 1000 },
    ]);
    expect(await states()).toEqual(['handed_on', 'parked']);
    expect(await rerun()).toMatchObject({ dealKeys: [], stillParked: 1 });
  });

  it('say what they wait for next', async () => {
    await desk.send([add(closing(1, { Login: '77', Symbol: 'GBPUSD' }))]);
    const codes = () => desk.inTenant(async (tx) => [...(await parkedCounts(tx))]);
    expect(await codes()).toEqual([['trading.account_unknown', 1]]);
    await desk.inTenant(async (tx) => {
      const [client] = await createClients(tx, [{ name: 'Lena' }]);
      await openAccounts(tx, [
        { clientKey: client?.key ?? 0, server: SERVER, login: 77n, group: 'vip', currency: 'USD' as Currency },
      ]);
    });
    expect(await rerun()).toMatchObject({ stillParked: 1 });
    expect(await codes()).toEqual([['trading.group_unknown', 1]]);
    await desk.inTenant((tx) =>
      setGroups(tx, {
        server: SERVER,
        groups: [{ name: 'vip', lotFactor: '0.4', pays: true }],
        validFrom: new Date(NOW_MS),
      }),
    );
    await rerun();
    expect(await codes()).toEqual([['trading.symbol_unknown', 1]]);
    await desk.inTenant((tx) =>
      mapSymbols(tx, { server: SERVER, symbols: [symbolNamed('GBPUSD')], validFrom: new Date(NOW_MS) }),
    );
    expect((await rerun()).dealKeys).toHaveLength(1);
    expect(await codes()).toEqual([]);
    expect(await desk.inTenant((tx) => claimDue(tx, { max: 10 }))).toMatchObject([
      { lotFactor: '0.4', accountGroup: 'vip' },
    ]);
    expect(await desk.eventsOf('trading.parked_rerun')).toMatchObject([{ payload: { settled: 0, stillParked: 0 } }]);
  });

  it('are settled without becoming due where their group turns out not to pay', async () => {
    await desk.send([add(closing(1, { Login: '900103' }))]);
    await desk.inTenant((tx) =>
      setGroups(tx, {
        server: SERVER,
        groups: [{ name: 'real\\undescribed', lotFactor: '1', pays: false }],
        validFrom: new Date(NOW_MS),
      }),
    );
    expect(await rerun()).toMatchObject({ dealKeys: [], settled: 1, stillParked: 0 });
    expect(await states()).toEqual(['unpaid']);
  });

  it('get their time by the mended clock, opens too', async () => {
    await desk.inTenant((tx) => setClockRule(tx, SERVER, { zone: 'Europe/Berlin', shiftMinutes: 0 }));
    const skipped = Date.UTC(2026, 2, 29, 2, 30) / 1000; // Berlin's clock jumps from 2:00 to 3:00.
    const answer = await desk.send([
      add(opening(1, { Time: skipped })),
      add(closing(2, { Time: skipped + 60 })),
      add(closing(3, { Time: skipped + 3_600 })),
    ]);
    expect(answer.results.map(({ code, status }) => code ?? status)).toEqual([
      'trading.time_nonexistent',
      'trading.time_nonexistent',
      'accepted',
    ]);
    await desk.inTenant((tx) => setClockRule(tx, SERVER, { zone: 'Etc/UTC', shiftMinutes: 120 }));
    expect(await rerun()).toMatchObject({ settled: 1, dealKeys: [expect.any(BigInt)] });
    const trades = await desk.inTenant(async (tx) => {
      const claimed = await claimDue(tx, { max: 10 });
      return {
        claimed,
        opens: await opensOf(
          tx,
          claimed.map((trade) => trade.dealKey),
        ),
      };
    });
    expect(trades.claimed.map((trade) => trade.closedAt / 1000 - skipped)).toEqual([60 - 7_200, 3_600 - 7_200]);
    expect([...trades.opens.values()].map((open) => open.openedAt / 1000 - skipped)).toEqual([-7_200, -7_200]);
  });

  it('are parked by whoever claimed them, and are due again when run again', async () => {
    await desk.send([add(closing(1)), add(closing(2))]);
    await desk.inTenant(async (tx) => {
      const [first] = await claimDue(tx, { max: 10 });
      await park(tx, [{ dealKey: first?.dealKey ?? 0n, code: 'commissions.open_unknown', detail: 'No open' }]);
      await park(tx, [{ dealKey: first?.dealKey ?? 0n, code: 'commissions.twice', detail: 'Not written' }]);
    });
    expect(await states()).toEqual(['parked', 'handed_on']);
    const listed = await desk.inTenant((tx) => parkedDeals(tx, { limit: 10 }));
    expect(listed).toMatchObject([
      {
        code: 'commissions.open_unknown',
        detail: 'No open',
        ticket: 1n,
        login: 900101n,
        server: SERVER,
        symbol: 'EURUSD',
      },
    ]);
    expect((await rerun({ code: 'commissions.open_unknown' })).dealKeys).toHaveLength(1);
    expect(await states()).toEqual(['due', 'handed_on']);
  });

  it('wait on as updates, deletions and conflicts', async () => {
    const deal = closing(1);
    await desk.send([
      add(deal),
      line('deal.update', { ...deal, Profit: '1' }),
      line('deal.delete', { Deal: '1' }),
      add({ ...deal, Profit: '2' }),
    ]);
    expect(await rerun()).toMatchObject({ dealKeys: [], stillParked: 0 });
    const listed = await desk.inTenant((tx) => parkedDeals(tx, { limit: 10 }));
    expect(listed.map(({ code, kind, version, login }) => [code, kind, version, login])).toEqual([
      ['trading.correction_waits', 'update', 1, 900101n],
      ['trading.correction_waits', 'delete', 2, undefined],
      ['feed.deal_conflict', 'add', 3, 900101n],
    ]);
  });

  it('are run again page by page, and listed so', async () => {
    await desk.send(
      Array.from({ length: 7 }, (_none, index) => add(closing(index + 1, { Symbol: index < 5 ? 'NOBODY' : 'GBPUSD' }))),
    );
    await desk.inTenant((tx) =>
      mapSymbols(tx, { server: SERVER, symbols: [symbolNamed('GBPUSD')], validFrom: new Date(NOW_MS) }),
    );
    let after: bigint | undefined = 0n;
    const due: bigint[] = [];
    let pages = 0;
    while (after !== undefined && pages < 10) {
      const page = await rerun({ max: 3, after });
      due.push(...page.dealKeys);
      after = page.next;
      pages += 1;
    }
    expect([due.length, pages]).toEqual([2, 3]);
    const listed = await desk.inTenant((tx) => parkedDeals(tx, { code: 'trading.symbol_unknown', limit: 2 }));
    expect(listed.map(({ ticket }) => ticket)).toEqual([1n, 2n]);
  });
});
