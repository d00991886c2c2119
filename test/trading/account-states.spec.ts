import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { query } from '../../src/platform/query.ts';
import { add, closing, type Desk, heartbeat, openDesk } from './desk.ts';

const states = query(
  'test.account_states',
  z.object({ login: z.bigint(), at: z.date(), equity: z.string(), credit: z.string(), balance: z.string().nullable() }),
  `select login, at, equity::text, credit::text, balance::text from trading.account_states order by key`,
);
const told = (account: unknown, seq?: number): string => JSON.stringify({ seq, type: 'account.state', account });
const known = { Login: '900101', Equity: '1000.50', Credit: 300, Balance: '850', TimeMsc: 1_773_187_200_123 };

describe('What an account stands at', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk();
  });
  afterAll(() => desk.close());

  it('is a line of the feed beside deals, kept with the instant of the server’s clock, and counted by its seq', async () => {
    const answer = await desk.send([heartbeat(1), told(known, 2), add(closing(7), 3), told({ ...known, Time: 5 }, 4)]);
    expect(answer).toMatchObject({ accepted: 3, duplicates: 1, rejected: 0, cursor: 4 });
    expect(answer.results.map(({ status }) => status)).toEqual(['accepted', 'accepted', 'accepted', 'duplicate']);
    expect(await desk.inTenant((tx) => states(tx, {}))).toEqual([
      { login: 900101n, at: new Date(1_773_187_200_123), equity: '1000.5', credit: '300', balance: '850' },
    ]);
  });

  it('may be corrected for the same instant, and may be below 0', async () => {
    const answer = await desk.send([told({ ...known, Equity: '-12.5' }), told(known)]);
    expect(answer.results.map(({ status }) => status)).toEqual(['accepted', 'duplicate']);
  });

  it.each([
    ['without an account', { type: 'account.state' }, 'feed.field_missing'],
    ['with a list for one', { type: 'account.state', account: [] }, 'feed.field_malformed'],
    ['without a login', { type: 'account.state', account: { ...known, Login: undefined } }, 'feed.field_missing'],
    ['without equity', { type: 'account.state', account: { ...known, Equity: null } }, 'feed.field_missing'],
    ['with equity in words', { type: 'account.state', account: { ...known, Equity: 'much' } }, 'feed.number_malformed'],
    ['with credit as a list', { type: 'account.state', account: { ...known, Credit: [1] } }, 'feed.field_malformed'],
    ['without a time', { type: 'account.state', account: { ...known, TimeMsc: 0 } }, 'feed.time_missing'],
    [
      'of the year 3000',
      { type: 'account.state', account: { ...known, TimeMsc: 32503680000000 } },
      'feed.time_out_of_range',
    ],
  ])('is refused %s', async (_how, line, code) => {
    const answer = await desk.send([JSON.stringify(line), heartbeat()]);
    expect(answer.results).toMatchObject([{ status: 'rejected', code }, { status: 'accepted' }]);
  });
});
