import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claimDue, dueKeys, dueSummary, opensOf } from '../../src/trading/index.ts';
import { add, closing, type Desk, openDesk, opening } from './desk.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { openTestTenancy } from '../support/tenancy.ts';

const T0 = 1_773_187_200;

describe('Deals that close volume wait to be booked', () => {
  let tenancy: Tenancy;
  let desk: Desk;
  beforeAll(async () => {
    tenancy = await openTestTenancy();
  });
  afterAll(() => tenancy.close());
  beforeEach(async () => {
    desk = await openDesk(tenancy);
  });

  it('are claimed with all that a booking needs, in the order of their keys', async () => {
    await desk.send([
      add(opening(1)),
      add(closing(2, { TimeMsc: T0 * 1000 + 123, Reason: 3 })),
      add(closing(3, { Symbol: 'EURUSD.r', VolumeClosedExt: '1', VolumeExt: '1' })),
    ]);
    const trades = await desk.inTenant((tx) => claimDue(tx, { max: 1000 }));
    expect(trades).toEqual([
      {
        dealKey: expect.any(BigInt) as unknown,
        factsKey: expect.any(BigInt) as unknown,
        ticket: 2n,
        serverKey: 1,
        accountKey: expect.any(Number) as unknown,
        clientKey: expect.any(Number) as unknown,
        symbolKey: expect.any(Number) as unknown,
        groupKey: expect.any(Number) as unknown,
        symbol: 'EURUSD',
        symbolGroup: 'fx_major',
        accountGroup: 'real\\standard',
        lotFactor: '1',
        closedVolume: 137_000_000n,
        closedAt: T0 * 1000 + 123,
        hasMs: true,
        reason: 3,
        positionId: 500n,
      },
      expect.objectContaining({ ticket: 3n, symbol: 'EURUSD', closedVolume: 1n, hasMs: false, reason: undefined }),
    ]);
    expect(await desk.inTenant((tx) => claimDue(tx, { max: 1000 }))).toEqual([]);
  });

  it('are claimed by two at once without a deal in common, and are due again if the claim fails', async () => {
    await desk.send(Array.from({ length: 100 }, (_none, index) => add(closing(index + 1))));
    const [ours, theirs] = await desk.inTenant(async (tx) => {
      const first = await claimDue(tx, { max: 60 });
      const second = await desk.inTenant((other) => claimDue(other, { max: 60 }));
      return [first, second];
    });
    expect([ours.length, theirs.length]).toEqual([60, 40]);
    expect(new Set([...ours, ...theirs].map((trade) => trade.ticket)).size).toBe(100);
    await desk.send([add(closing(101))]);
    const failing = desk.inTenant(async (tx) => {
      expect(await claimDue(tx, { max: 10 })).toHaveLength(1);
      throw new Error('crashed');
    });
    await expect(failing).rejects.toThrow('crashed');
    expect(await desk.inTenant((tx) => claimDue(tx, { max: 10 }))).toHaveLength(1);
  });

  it('are claimed by name: those that are still due', async () => {
    await desk.send(Array.from({ length: 5 }, (_none, index) => add(closing(index + 1))));
    const keys = await desk.inTenant((tx) => dueKeys(tx, { offset: 0, limit: 10 }));
    const [, second = 0n, third = 0n] = keys;
    expect(await desk.inTenant((tx) => claimDue(tx, { max: 10, dealKeys: [third, second, 999_999n] }))).toMatchObject([
      { ticket: 2n },
      { ticket: 3n },
    ]);
    const left = keys.filter((key) => key !== second && key !== third);
    expect(await desk.inTenant((tx) => dueKeys(tx, { offset: 0, limit: 10 }))).toEqual(left);
    expect(await desk.inTenant((tx) => dueKeys(tx, { offset: 1, limit: 1 }))).toEqual(left.slice(1, 2));
  });

  it('are counted, with the oldest', async () => {
    expect(await desk.inTenant((tx) => dueSummary(tx))).toEqual({ count: 0, oldestReceivedAt: undefined });
    await desk.send([add(closing(1)), add(closing(2))]);
    expect(await desk.inTenant((tx) => dueSummary(tx))).toEqual({
      count: 2,
      oldestReceivedAt: expect.any(Date) as unknown,
    });
  });
});

describe('The open of a position is found for each deal that closes it', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk();
  });
  afterAll(() => desk.close());
  let position = 5_000;
  let ticket = 100;

  /** Deals of one position: entry and seconds from T0, given in the order of their tickets; gives the open of each of its closes. */
  async function opensFound(deals: readonly (readonly [entry: 0 | 1 | 2 | 3, second: number])[], shuffled = false) {
    position += 1;
    const from = ticket + 1;
    const lines = deals.map(([Entry, second]) => {
      ticket += 1;
      const VolumeClosed = Entry === 0 ? '0' : Entry === 2 ? '5000' : '13700';
      return add(closing(ticket, { PositionID: String(position), Entry, VolumeClosed, Time: T0 + second }));
    });
    await desk.send(shuffled ? lines.toReversed() : lines);
    return desk.inTenant(async (tx) => {
      const trades = await claimDue(tx, { max: 100 });
      const opens = await opensOf(
        tx,
        trades.map((trade) => trade.dealKey),
      );
      const byTicket = trades
        .toSorted((left, right) => Number(left.ticket - right.ticket))
        .filter((trade) => trade.ticket >= BigInt(from));
      return byTicket.map((trade) => {
        const open = opens.get(trade.dealKey);
        return open === undefined ? undefined : open.openedAt / 1000 - T0;
      });
    });
  }

  it('is the first entry, for every part closed', async () =>
    expect(await opensFound([[0, 0], [0, 30], [1, 59], [1, 190]])).toEqual([0, 0])); // prettier-ignore
  it('is found whatever came first', async () =>
    expect(await opensFound([[0, 0], [0, 30], [1, 59], [1, 190]], true)).toEqual([0, 0])); // prettier-ignore
  it('is the last reversal before the deal; a reversal itself closes what was opened before it', async () =>
    expect(await opensFound([[0, 0], [2, 50], [1, 60], [2, 70], [1, 80]])).toEqual([0, 50, 50, 70])); // prettier-ignore
  it('is told by tickets where the clock shows one second, or shows the hour twice', async () => {
    expect(await opensFound([[0, 10], [1, 10]])).toEqual([10]); // prettier-ignore
    expect(await opensFound([[0, 1800], [1, 600]])).toEqual([1800]); // prettier-ignore
  });
  it('is unknown where no open was stored, and for a deal without position', async () => {
    expect(await opensFound([[1, 10]])).toEqual([undefined]);
    await desk.send([add(opening(90_001, { PositionID: '0' })), add(closing(90_002, { PositionID: '0' }))]);
    const opens = await desk.inTenant(async (tx) =>
      opensOf(
        tx,
        (await claimDue(tx, { max: 10 })).map((trade) => trade.dealKey),
      ),
    );
    expect(opens.size).toBe(0);
  });
  it('is not a later entry of another position', async () =>
    expect(await opensFound([[1, 10], [0, 20], [1, 30]])).toEqual([undefined, 20])); // prettier-ignore
});
