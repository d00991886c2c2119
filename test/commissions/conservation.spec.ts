import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { conservationOf } from '../../src/commissions/booking/rules.ts';
import { query } from '../../src/platform/query.ts';
import { breach } from '../support/breach.ts';
import { type Brokerage, openBrokerage } from '../support/brokerage.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const conserved = query(
  'test.conserved',
  z.object({ earned: z.bigint(), ib: z.bigint(), client: z.bigint(), house: z.bigint() }),
  `select earning_units as earned, ib_units as ib, client_units as client, house_units as house from commissions.bookings order by deal_key`,
);

describe('What a trade earned is added up by the database', () => {
  let acme: TestTenant;
  let house: Brokerage;
  beforeAll(async () => {
    acme = await openTestTenant();
    house = await openBrokerage(acme, {
      chain: 'Maria 7.50 > Omar 7.00 > Lena 5.50 > Kim 4.00',
      plan: { traderRebate: '30', filters: [{ kind: 'minimum_time_open', seconds: 60 }] },
    });
    await house.feed([house.deal({ lots: '1.37' }), house.deal({ heldMs: 1_000 })].flat());
    await house.book();
  });
  afterAll(() => acme.close());

  it('as what went to its IBs, its client and the house', async () => {
    expect(await acme.inTenant((tx) => conserved(tx, {}))).toEqual([
      { earned: 10_960_000n, ib: 8_631_000n, client: 1_644_000n, house: 685_000n },
      { earned: 0n, ib: 0n, client: 0n, house: 0n },
    ]);
  });

  it.each([
    ['does not add up', 'house_units = house_units + 1'],
    ['says less of one than of the others', 'client_units = null'],
    ['gives somebody less than nothing', 'house_units = -1, ib_units = ib_units + house_units + 1'],
  ])('which refuses a row that %s, whoever writes it', async (_what, set) => {
    await expect(breach(acme, `update commissions.bookings set ${set} where earning_units > 0`)).rejects.toMatchObject({
      code: '23514',
    });
  });

  it('and takes rows from before, which say nothing of it', async () => {
    await breach(
      acme,
      `insert into commissions.bookings (deal_key, revision, batch_key, symbol_key, group_key, closed_at, earning_units)
       select 999, 0, batch_key, symbol_key, group_key, closed_at, 5 from commissions.bookings limit 1`,
    );
  });

  it('by kind of beneficiary, over all components', () =>
    expect(
      conservationOf([
        { kind: 'ib', units: 3n },
        { kind: 'client', units: 1n },
        { kind: 'ib', units: 4n },
      ]),
    ).toEqual({ ib: 7n, client: 1n, house: 0n }));
});
