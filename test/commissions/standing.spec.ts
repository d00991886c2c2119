import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AdjusterSettings } from '../../src/commissions/adjusters/index.ts';
import { bookDueTrades } from '../../src/commissions/index.ts';
import { mendParked } from '../../src/commissions/mending/service.ts';
import { countQueries } from '../../src/platform/query-count.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { type RawDeal, serverTimeFromUtc } from '../../src/trading/index.ts';
import { NEW_YORK_CLOSE } from '../../seeds/market.ts';
import type { BrokerageWords } from '../support/brokerage.ts';
import { openTestTenancy } from '../support/tenancy.ts';
import { LEVELS, openStandingDesk, type StandingDesk, tier, usd } from './standing-desk.ts';

let tenancy: Tenancy;
beforeAll(async () => {
  tenancy = await openTestTenancy();
});
afterAll(() => tenancy.close());

let desk: StandingDesk;
const openDesk = async (words: BrokerageWords): Promise<void> => {
  desk = await openStandingDesk(tenancy, words);
};

describe('A tier by lots of the month', () => {
  beforeAll(() => openDesk({ plan: { budget: '7', levels: LEVELS, adjusters: [tier('marginal')] } }));

  it('goes on from batch to batch, and within one', async () => {
    await desk.brokerage.feed([...desk.brokerage.deal({ lots: '95' }), ...desk.brokerage.deal({ lots: '400' })]);
    await desk.brokerage.book();
    await desk.brokerage.feed(desk.brokerage.deal({ lots: '20' }));
    await desk.brokerage.book();
    expect(await desk.earned()).toEqual([475, 2395, 135]);
  });

  it('counts lots of April in April', async () => {
    await desk.brokerage.feed(desk.brokerage.deal({ lots: '1', closedAt: new Date('2026-04-01T00:00:00Z') }));
    await desk.brokerage.book();
    expect((await desk.earned()).at(-1)).toBe(5);
  });

  it('is computed again to the same bytes, by both engines', async () => {
    await desk.holds();
  });
});

describe('A credit coefficient', () => {
  beforeAll(() =>
    openDesk({ plan: { budget: '12', levels: LEVELS, adjusters: [{ kind: 'credit_coefficient', below: '0.85' }] } }),
  );

  it('parks a trade of an account of which nothing is known, and books it once the feed has told', async () => {
    const closedAt = new Date('2026-03-10T12:00:00Z');
    const Login = String(desk.brokerage.logins[0]);
    await desk.brokerage.feed(desk.brokerage.deal({ closedAt }));
    expect(await desk.brokerage.book()).toMatchObject({ parked: 1 });
    const told = (utc: string, account: RawDeal) => ({
      type: 'account.state',
      account: { Login, ...account, TimeMsc: serverTimeFromUtc(NEW_YORK_CLOSE, new Date(utc).getTime()) },
    });
    await desk.brokerage.tell([told('2026-03-10T12:00:00.001Z', { Equity: '5000', Credit: '0' })]);
    expect(await desk.inTenant((tx) => mendParked(tx, new Map()))).toBe(0); // Only afterwards.
    await desk.brokerage.tell([
      told('2026-03-10T11:00:00Z', { Equity: '2000', Credit: '0' }),
      told('2026-03-10T11:59:59Z', { Equity: '1000.00', Credit: '300.00', Balance: '900' }),
    ]);
    expect(await desk.inTenant((tx) => mendParked(tx, new Map()))).toBe(1);
    await desk.brokerage.book();
    expect(await desk.earned()).toEqual([8.4]);
    await desk.holds();
  });
});

describe('A tier by deposits', () => {
  const tiers = [{ upTo: '1000', rate: '5' }, { rate: '7' }];
  const by = { kind: 'tier', by: 'deposits', of: 'ib', mode: 'step', unit: 'rate', tiers } as const;
  beforeAll(() => openDesk({ plan: { budget: '7', levels: LEVELS, adjusters: [by] } }));

  const money = (ticket: string, Profit: string, at: string, Action = 2): RawDeal => ({
    Deal: ticket,
    Login: String(desk.brokerage.logins[0]),
    Action,
    Profit,
    TimeMsc: serverTimeFromUtc(NEW_YORK_CLOSE, new Date(at).getTime()),
  });

  it('goes by what clients of the IB paid in this month, as the platform says it now', async () => {
    const one = async (): Promise<void> => {
      await desk.brokerage.feed(desk.brokerage.deal());
      await desk.brokerage.book();
    };
    await desk.brokerage.feed([
      money('1', '5000', '2026-02-28T23:59:59Z'), // Last month.
      money('2', '1000', '2026-03-01T00:00:00Z'),
      money('3', '-300', '2026-03-02T00:00:00Z'), // A withdrawal, and a bonus.
      money('4', '700', '2026-03-02T00:00:00Z', 6),
    ]);
    await one();
    await desk.brokerage.feed([money('5', '0.01', '2026-03-03T00:00:00Z')]);
    await one();
    await desk.brokerage.tell([{ type: 'deal.delete', deal: { Deal: '5', Login: String(desk.brokerage.logins[0]) } }]);
    await one();
    expect(await desk.earned()).toEqual([5, 7, 5]);
    await desk.holds();
  });
});

describe('Hedged volume', () => {
  beforeAll(() => openDesk({ plan: { budget: '10', levels: LEVELS, adjusters: [{ kind: 'hedged_volume' }] } }));

  it('counts by how much a trade raises max(long, short) of its client in the month, from batch to batch', async () => {
    const long = desk.brokerage.deal({ lots: '2' });
    const short = desk.brokerage.deal({ lots: '3' }).map((deal) => ({ ...deal, Action: deal['Action'] === 0 ? 1 : 0 }));
    const both = [...long, ...short];
    await desk.brokerage.feed(both);
    await desk.brokerage.book();
    await desk.brokerage.feed(desk.brokerage.deal({ lots: '1' }));
    await desk.brokerage.book();
    expect(await desk.earned()).toEqual([20, 10, 'volume_hedged']);
    expect(await desk.counted()).toEqual(['long 3000000000000', 'short 3000000000000']);
  });
});

describe('Caps, side by side', () => {
  beforeAll(() =>
    openDesk({
      plan: {
        levels: LEVELS,
        budget: '8',
        adjusters: [
          { kind: 'cap', of: 'client', over: 'day', amount: '100' },
          { kind: 'cap', of: 'plan', over: 'month', amount: '150' },
        ],
      },
    }),
  );

  it('are never exceeded, and no update is lost, when four book the trades of one plan at the same time', async () => {
    const [first = 0n, second = 0n] = desk.brokerage.logins;
    await desk.brokerage.feed(
      Array.from({ length: 40 }, (_none, place) =>
        desk.brokerage.deal({ lots: '1', login: place % 2 === 0 ? first : second }),
      ).flat(),
    );
    const batches = Array.from({ length: 8 }, () =>
      desk.inTenant((tx) => bookDueTrades(tx, desk.brokerage.memory, { max: 5 })),
    );
    await Promise.all(batches);
    await desk.brokerage.book();
    const amounts = (await desk.earned()).filter((each) => typeof each === 'number');
    expect(amounts.reduce((sum, each) => sum + each, 0)).toBe(150);
    expect(await desk.counted()).toEqual([`paid_client ${usd(150)}`, `paid_plan ${usd(150)}`]);
    expect((await desk.earned()).filter((each) => each === 'cap_reached')).toHaveLength(40 - amounts.length);
    await desk.holds();
  });
});

describe('What it costs to look at counters', () => {
  const statementsOf = async (adjusters: AdjusterSettings[], trades: number): Promise<number> => {
    await openDesk({ plan: { budget: '7', levels: LEVELS, adjusters } });
    const book = async (count: number): Promise<number> => {
      await desk.brokerage.feed(Array.from({ length: count }, () => desk.brokerage.deal()).flat());
      return countQueries(async (counter) => {
        await desk.brokerage.book();
        return counter.queries;
      });
    };
    await book(1); // Reads the plans, and makes the accounts.
    return book(trades);
  };

  it('is four statements for a batch of any size, and none under a plan that looks at none', async () => {
    const plain = await statementsOf([{ kind: 'cap', of: 'order', amount: '5' }], 2);
    const adjusters: AdjusterSettings[] = [tier('marginal'), { kind: 'cap', of: 'client', over: 'day', amount: '500' }];
    expect(await statementsOf(adjusters, 60)).toBe(plain + 4);
  });
});
