import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bookDueTrades, explain } from '../../src/commissions/index.ts';
import { countOpens } from '../../src/trading/index.ts';
import { type Desk, openDesk } from './amending-desk.ts';

describe('An update or deletion of a deal that was booked', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk();
  });
  afterAll(() => desk.close());

  it('is the next revision, with what it changes, and the ledger follows', async () => {
    const [opened, closed] = desk.position({ lots: '1' });
    await desk.feed([opened, closed]);
    await desk.book();
    expect(await desk.parts()).toEqual({ Kim: '4.00', Lena: '1.50', Omar: '1.50', Maria: '1.00' });
    expect(await desk.update(closed, { VolumeExt: '200000000' })).toMatchObject({ parked: 1 });
    expect(await desk.round()).toMatchObject({ corrected: 1 });
    expect(await desk.parts()).toEqual({ Kim: '8.00', Lena: '3.00', Omar: '3.00', Maria: '2.00' });
    expect(await desk.bookings()).toEqual(['0: 8.00', '1: 16.00']);
    expect(await desk.waiting()).toEqual([]);
    await desk.holds();
  });

  it('tells of every revision what it changed, and why', async () => {
    const [, closed] = desk.position({ lots: '0.5' });
    await desk.feed([closed]);
    await desk.book();
    await desk.update(closed, { VolumeExt: '25000000' });
    await desk.round();
    const id = await desk.idOf(closed);
    const told = await desk.inTenant((tx) => explain(tx, id));
    expect(told).toMatchObject({ revision: 1, lots: '0.25', earning: { amount: '2.00' } });
    expect(told.revisions).toMatchObject([
      { revision: 0, cause: 'booking', earning: { amount: '4.00' } },
      {
        revision: 1,
        cause: 'amendment',
        reason: 'The platform updated the deal',
        earning: { amount: '2.00' },
        changes: [
          { to: 'Kim', amount: { amount: '-1.00' } },
          { to: 'Lena', amount: { amount: '-0.375' } },
          { to: 'Omar', amount: { amount: '-0.375' } },
          { to: 'Maria', amount: { amount: '-0.25' } },
        ],
      },
    ]);
    const first = await desk.inTenant((tx) => explain(tx, id, { revision: 0 }));
    expect(first).toMatchObject({ revision: 0, lots: '0.50', earning: { amount: '4.00' } });
    expect(JSON.stringify(await desk.inTenant((tx) => explain(tx, id, { revision: 0 })))).toBe(JSON.stringify(first));
    await expect(desk.inTenant((tx) => explain(tx, id, { revision: 2 }))).rejects.toMatchObject({
      code: 'commissions.booking_unknown',
    });
  });

  it('takes all back when it is deleted, and says so for ever', async () => {
    const before = await desk.parts();
    const [, closed] = desk.position({ lots: '3' });
    await desk.feed([closed]);
    await desk.book();
    await desk.remove(closed);
    expect(await desk.round()).toMatchObject({ corrected: 1 });
    expect(await desk.parts()).toEqual(before);
    const told = await desk.inTenant(async (tx) => explain(tx, await desk.idOf(closed)));
    expect(told).toMatchObject({ revision: 1, earning: null, rebates: [], reason: { code: 'deal_deleted' } });
    await desk.holds();
  });

  it('stays deleted whatever comes late: an update, the deletion again, the addition again', async () => {
    const before = await desk.bookings();
    const [, closed] = desk.position({ lots: '1' });
    await desk.feed([closed]);
    await desk.book();
    await desk.remove(closed);
    await desk.round();
    const after = await desk.bookings();
    expect(after).toEqual([...before, '0: 8.00', '1: deal_deleted']);
    expect(await desk.remove(closed)).toMatchObject({ duplicates: 1 });
    await desk.update(closed, { VolumeExt: '700000000' });
    expect(await desk.feed([closed])).toMatchObject([{ duplicates: 1 }]);
    expect(await desk.round()).toMatchObject({ corrected: 0, replaced: 0 });
    expect(await desk.bookings()).toEqual(after);
    expect(await desk.waiting()).toEqual([]);
    await desk.holds();
  });

  it('books by the time it has now: into another day, taken back in the one it had', async () => {
    const [, closed] = desk.position({ lots: '1', closedAt: new Date('2026-03-11T10:00:00Z') });
    const [, other] = desk.position({ lots: '1', closedAt: new Date('2026-03-14T10:00:00Z') });
    await desk.feed([closed]);
    await desk.book();
    const before = (await desk.bookings()).length;
    await desk.update(closed, { TimeMsc: other['TimeMsc'] ?? '' });
    await desk.round();
    expect((await desk.bookings()).slice(before - 1)).toEqual(['0: 8.00', '1: booked_anew', '2: 8.00']);
    await desk.holds();
  });

  it('waits while it names what nobody knows, and holds up nothing', async () => {
    const [, closed] = desk.position({ lots: '1' });
    const [, good] = desk.position({ lots: '1' });
    await desk.feed([closed, good]);
    await desk.book();
    await desk.update(closed, { Symbol: 'NOBODYKNOWS' });
    await desk.update(good, { VolumeExt: '200000000' });
    expect(await desk.round()).toMatchObject({ corrected: 1 });
    expect(await desk.waiting()).toMatchObject([
      { code: 'trading.correction_waits', detail: expect.stringContaining('trading.symbol_unknown') as unknown },
    ]);
    await desk.round();
    await desk.update(closed, { Symbol: 'EURUSD', VolumeExt: '300000000' });
    expect(await desk.round()).toMatchObject({ corrected: 1 });
    expect(await desk.waiting()).toEqual([]);
    await desk.holds();
  });
});

describe('An update of what a deal brought, not of its volume', () => {
  it('is computed by what the platform says now, whether the position is known or not', async () => {
    const levels = { kind: 'fixed_by_level' as const, unit: 'percent' as const, levels: ['50'] };
    const desk = await openDesk({ plan: { model: { kind: 'profit_share' }, budget: '10', levels } });
    const [opened, whole] = desk.position({ lots: '1' });
    const [, alone] = desk.position({ lots: '1' });
    const [known, stray] = [
      { ...whole, Profit: '100.00' },
      { ...alone, Profit: '100.00', PositionID: '0' },
    ];
    await desk.feed([opened, known, stray]);
    await desk.book();
    for (const deal of [known, stray]) await desk.update(deal, { Profit: '200.00' });
    expect(await desk.round()).toEqual({ corrected: 2, replaced: 0, late: 0 });
    expect(await desk.bookings()).toEqual(['0: 10.00', '1: 20.00', '0: 10.00', '1: 20.00']);
    await desk.holds();
    await desk.close();
  });
});

describe('An update or deletion of a deal that is not booked yet', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk();
  });
  afterAll(() => desk.close());

  it('is what gets booked', async () => {
    const [, closed] = desk.position({ lots: '1' });
    await desk.feed([closed]);
    await desk.update(closed, { VolumeExt: '200000000' });
    expect(await desk.round()).toMatchObject({ replaced: 1, corrected: 0 });
    await desk.book();
    expect(await desk.bookings()).toEqual(['0: 16.00']);
    expect(await desk.inTenant(async (tx) => explain(tx, await desk.idOf(closed)))).toMatchObject({ lots: '2.00' });
    await desk.holds();
  });

  it('is nothing where it was deleted, and says so', async () => {
    const before = await desk.bookings();
    const [, closed] = desk.position({ lots: '1' });
    await desk.feed([closed]);
    await desk.remove(closed);
    expect(await desk.round()).toMatchObject({ replaced: 1 });
    expect(await desk.book()).toMatchObject({ claimed: 0 });
    expect(await desk.bookings()).toEqual(before);
    await expect(desk.inTenant(async (tx) => explain(tx, await desk.idOf(closed)))).rejects.toMatchObject({
      code: 'commissions.booking_unknown',
      members: { reason: 'deleted' },
    });
    await desk.holds();
  });

  it('waits for an addition that comes after it', async () => {
    const before = (await desk.bookings()).length;
    const [, gone] = desk.position({ lots: '1' });
    const [, changed] = desk.position({ lots: '1' });
    await desk.remove(gone);
    await desk.update(changed, { VolumeExt: '50000000' });
    expect(await desk.round()).toMatchObject({ replaced: 0, corrected: 0 });
    expect(await desk.waiting()).toHaveLength(2);
    await desk.feed([gone, changed]);
    expect(await desk.round()).toMatchObject({ replaced: 2 });
    await desk.book();
    expect((await desk.bookings()).slice(before)).toEqual(['0: 4.00']);
    expect(await desk.waiting()).toEqual([]);
    await desk.holds();
  });

  it('corrects where the addition was booked before anybody looked', async () => {
    const before = (await desk.bookings()).length;
    const [, changed] = desk.position({ lots: '1' });
    await desk.update(changed, { VolumeExt: '50000000' });
    await desk.feed([changed]);
    await desk.book();
    await desk.round();
    expect((await desk.bookings()).slice(before)).toEqual(['0: 8.00', '1: 4.00']);
    await desk.holds();
  });

  it('waits while the deal is being booked, and corrects it then', async () => {
    const before = (await desk.bookings()).length;
    const [, closed] = desk.position({ lots: '1' });
    await desk.feed([closed]);
    await desk.update(closed, { VolumeExt: '50000000' });
    await desk.inTenant(async (tx) => {
      await bookDueTrades(tx, desk.memory, { max: 10 });
      expect(await desk.round()).toMatchObject({ replaced: 0, corrected: 0 });
    });
    expect(await desk.round()).toMatchObject({ replaced: 0, corrected: 1 });
    expect((await desk.bookings()).slice(before)).toEqual(['0: 8.00', '1: 4.00']);
    await desk.holds();
  });

  it('mends what was parked, too', async () => {
    const before = (await desk.bookings()).length;
    const [, closed] = desk.position({ lots: '1' });
    await desk.feed([{ ...closed, Symbol: 'NOBODYKNOWS' }]);
    await desk.update(closed, { Symbol: 'EURUSD' });
    expect(await desk.round()).toMatchObject({ replaced: 1 });
    await desk.book();
    expect((await desk.bookings()).slice(before)).toEqual(['0: 8.00']);
    await desk.holds();
  });

  it('is the last by its place in the source, in whatever order they come', async () => {
    const before = (await desk.bookings()).length;
    const [, closed] = desk.position({ lots: '1' });
    await desk.feed([closed]);
    await desk.update(closed, { VolumeExt: '300000000' }, 12);
    await desk.update(closed, { VolumeExt: '200000000' }, 11);
    await desk.round();
    await desk.book();
    expect((await desk.bookings()).slice(before)).toEqual(['0: 24.00']);
    await desk.holds();
  });
});

describe('An update of a deal that was no trade', () => {
  it('is taken up, and what has become a trade by it is booked', async () => {
    const desk = await openDesk();
    await desk.inTenant((tx) => countOpens(tx)); // Opens are handed on, and under this plan they are no trades.
    const [opened, closed] = desk.position({ lots: '1' });
    await desk.feed([opened, closed]);
    await desk.book();
    await desk.update(opened, { Price: '1.08000' });
    expect(await desk.round()).toMatchObject({ replaced: 1, corrected: 0 });
    await desk.book();
    expect(await desk.bookings()).toEqual(['0: 8.00']);
    await desk.update(opened, { Price: '1.08000', Entry: 1, VolumeClosedExt: '50000000', VolumeExt: '50000000' });
    expect(await desk.round()).toMatchObject({ replaced: 1 });
    await desk.book();
    expect((await desk.bookings()).toSorted()).toEqual(['0: 4.00', '0: 8.00']);
    expect(await desk.waiting()).toEqual([]);
    await desk.holds();
    await desk.close();
  });
});
