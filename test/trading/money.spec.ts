import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moneyArrived, moneyOperationsOf, settledDeal } from '../../src/trading/index.ts';
import { add, closing, type Desk, line, NOW_MS, openDesk } from './desk.ts';

const NOON = NOW_MS / 1000;
const HOUR = 3600;

/** A money operation in the platform's words. */
const money = (ticket: number, action: number, amount: string, other: Record<string, unknown> = {}) => ({
  Deal: String(ticket),
  Login: '900101',
  Order: '0',
  PositionID: '0',
  Action: action,
  Entry: 0,
  Profit: amount,
  Time: NOON,
  ...other,
});

describe('Money operations of the feed', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk();
    await desk.send([
      add(money(1, 2, '200.00', { Time: NOON - 2 * HOUR })),
      add(money(2, 2, '-50.5')),
      add(money(3, 6, '30')),
      add(money(4, 3, '-10')),
      add(money(5, 4, '-1.25')),
      add(money(6, 5, '0.75')),
      add(money(7, 77, '3')),
      add(money(8, 2, '1000', { Login: '900102', Time: NOON + HOUR })),
      add(money(9, 2, '7', { Login: '999999' })),
      add(closing(10)),
    ]);
  });
  afterAll(() => desk.close());

  const operations = (range: { from?: Date; to?: Date } = {}) =>
    desk.inTenant(async (tx) =>
      (await moneyOperationsOf(tx, { clientKeys: [1], ...range })).map(({ ticket, kind, amount, currency }) => [
        Number(ticket),
        kind,
        `${amount} ${currency}`,
      ]),
    );

  it('are deposits and withdrawals by their sign, credit, charges, corrections, bonuses, and what has no name', async () => {
    expect(await operations()).toEqual([
      [1, 'deposit', '200 USD'],
      [2, 'withdrawal', '-50.5 USD'],
      [3, 'bonus', '30 USD'],
      [4, 'credit', '-10 USD'],
      [5, 'charge', '-1.25 USD'],
      [6, 'correction', '0.75 USD'],
      [7, 'other', '3 USD'],
      [8, 'deposit', '1000 USD'],
    ]);
  });

  it('are read by client and time, half-open, over all accounts of a client', async () => {
    const at = (seconds: number) => new Date(seconds * 1000);
    expect(await operations({ from: at(NOON - 2 * HOUR), to: at(NOON) })).toEqual([[1, 'deposit', '200 USD']]);
    expect(await operations({ from: at(NOON + 1) })).toEqual([[8, 'deposit', '1000 USD']]);
    expect(await desk.inTenant((tx) => moneyOperationsOf(tx, { clientKeys: [] }))).toEqual([]);
  });

  it('count as the server told them last, and not at all when it deleted them', async () => {
    await desk.send([
      line('deal.update', money(2, 2, '-60')),
      line('deal.delete', { Deal: '7', Login: '900101' }),
      add(money(3, 6, '31')), // Another addition of the ticket: a conflict, which changes nothing.
    ]);
    expect(await operations()).toEqual([
      [1, 'deposit', '200 USD'],
      [2, 'withdrawal', '-60 USD'],
      [3, 'bonus', '30 USD'],
      [4, 'credit', '-10 USD'],
      [5, 'charge', '-1.25 USD'],
      [6, 'correction', '0.75 USD'],
      [8, 'deposit', '1000 USD'],
    ]);
  });

  it('are told in the order in which they came, with news of them, and without an owner where nobody has the login', async () => {
    const all = await desk.inTenant((tx) => moneyArrived(tx, { after: 0n, limit: 5 }));
    expect(all.arrivals.map(({ clientKey }) => clientKey)).toEqual([1, 1, 1, 1, 1]);
    const more = await desk.inTenant((tx) => moneyArrived(tx, { after: all.next ?? 0n, limit: 100 }));
    expect(more.arrivals.map(({ clientKey }) => clientKey)).toEqual([1, 1, 1, undefined, 1, 1, 1]);
    expect(more.next).toBeUndefined();
    expect(await desk.inTenant((tx) => settledDeal(tx))).toBe(0n); // All of it came within the last hour.
  });

  it('go on behind news of trades, however much of that there is', async () => {
    const { last } = await desk.inTenant((tx) => moneyArrived(tx, { after: 0n, limit: 100 }));
    await desk.send([
      line('deal.delete', { Deal: '10', Login: '900101' }), // A trade.
      line('deal.delete', { Deal: '98', Login: '900101' }), // Nobody knows what.
      add(money(11, 2, '20')),
    ]);
    const found: number[] = [];
    for (let after: bigint | undefined = last; after !== undefined;) {
      const page = await desk.inTenant((tx) => moneyArrived(tx, { after: after ?? 0n, limit: 1 }));
      found.push(page.arrivals.length);
      after = page.next;
    }
    expect(found).toEqual([0, 0, 1, 0]);
  });
});
