import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Desk, openDesk } from './amending-desk.ts';

describe('An entry that comes after the close of its position', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk({ plan: { filters: [{ kind: 'minimum_time_open', seconds: 60 }] } });
  });
  afterAll(() => desk.close());

  it('corrects the close where it is the earlier one', async () => {
    const [opened, closed] = desk.position({ lots: '1', heldMs: 30_000 });
    const early = { ...opened, Deal: '699000', Order: '699000', TimeMsc: Number(opened['TimeMsc']) - 600_000 };
    await desk.feed([opened, closed]);
    await desk.book();
    expect(await desk.bookings()).toEqual(['0: below_minimum_time']);
    await desk.feed([early]);
    expect(await desk.round()).toMatchObject({ late: 1 });
    expect(await desk.bookings()).toEqual(['0: below_minimum_time', '1: 8.00']);
    expect(await desk.round()).toMatchObject({ late: 0 });
    await desk.holds();
  });

  it('is not that of another position any more once the close is of one that nobody knows', async () => {
    const before = (await desk.bookings()).length;
    const [opened, closed] = desk.position({ lots: '1' });
    await desk.feed([opened, closed]);
    await desk.book();
    await desk.update(closed, { PositionID: '999999' });
    expect(await desk.round()).toMatchObject({ corrected: 0 });
    expect((await desk.bookings()).slice(before)).toEqual(['0: 8.00']);
    expect(await desk.waiting()).toMatchObject([{ detail: 'commissions.open_unknown' }]);
    await desk.remove(closed);
    await desk.round();
    expect((await desk.bookings()).slice(before)).toEqual(['0: 8.00', '1: deal_deleted']);
    expect(await desk.waiting()).toEqual([]);
    await desk.holds();
  });

  it('does the same when it is amended or deleted', async () => {
    const before = (await desk.bookings()).length;
    const [opened, closed] = desk.position({ lots: '1', heldMs: 120_000 });
    await desk.feed([opened, closed]);
    await desk.book();
    await desk.update(opened, { TimeMsc: Number(closed['TimeMsc']) - 1_000 });
    expect(await desk.round()).toMatchObject({ replaced: 1, late: 1 });
    expect((await desk.bookings()).slice(before)).toEqual(['0: 8.00', '1: below_minimum_time']);
    await desk.holds();
  });
});
