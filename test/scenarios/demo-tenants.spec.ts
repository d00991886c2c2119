import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { acme, zenith } from '../../seeds/brokers.ts';
import type { SeedBrokerage } from '../../seeds/brokerage.ts';
import { DealGenerator, SIMULATED_SYMBOLS } from '../../simulators/mt-server/index.ts';
import { recompute } from '../../src/commissions/index.ts';
import { verifyTenant } from '../../src/ops/index.ts';
import { query } from '../../src/platform/query.ts';
import { type Brokerage, openBrokerage } from '../support/brokerage.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const paidBy = query(
  'test.paid_by_component',
  z.object({ component: z.int(), kinds: z.int(), units: z.bigint() }),
  `select component, count(distinct kind)::integer as kinds, sum(units)::bigint as units
     from commissions.rebates group by component order by component`,
);
const parked = query('test.parked_codes', z.object({ code: z.string() }), `select distinct code from trading.parked`);

const kindsOf = ({ plans }: SeedBrokerage): string[] => [
  ...new Set(
    plans.flatMap(({ definition: { components, periods = [] } }) => [
      ...components.flatMap(({ model, levels, adjusters = [] }) => [
        model.kind,
        levels.kind,
        ...adjusters.map(({ kind }) => kind),
      ]),
      ...periods.flatMap(({ model, levels }) => [model.kind, levels.kind]),
    ]),
  ),
];

describe('The demo brokers', () => {
  it('use several models, level modes and adjusters at once', () => {
    expect(kindsOf(acme())).toEqual(['per_lot', 'differential', 'cpa', 'fixed_by_level', 'pool', 'cap']);
    expect(kindsOf(zenith())).toEqual(['spread_share', 'rank_slots', 'per_lot', 'share_up', 'tier']);
  });

  describe('Zenith, whose trades are simulated', () => {
    let tenant: TestTenant;
    let house: Brokerage;
    beforeAll(async () => {
      const seed = zenith();
      tenant = await openTestTenant();
      house = await openBrokerage(tenant, { seed });
      const generator = new DealGenerator({
        seed: 7,
        symbols: SIMULATED_SYMBOLS,
        logins: house.logins,
        clock: seed.server,
        startUtcMs: Date.UTC(2026, 2, 10, 6),
        firstTicket: 10_000_000n,
      });
      await house.feed(generator.trades(600));
      await house.book();
    });
    afterAll(() => tenant.close());

    it('pays by spread and by lots, to IBs, clients and the house', async () => {
      expect(await tenant.inTenant((tx) => parked(tx, {}))).toEqual([]);
      const [spread, lots] = await tenant.inTenant((tx) => paidBy(tx, {}));
      expect([spread?.kinds, lots?.kinds]).toEqual([3, 1]); // Share-up leaves nothing to the house.
      expect([spread?.units ?? 0n, lots?.units ?? 0n].every((units) => units > 100_000_000n)).toBe(true);
    });

    it('and every booking comes out the same a second and a third time', async () => {
      const { findings, recomputed } = await tenant.inTenant((tx) => recompute(tx));
      expect({ findings, all: recomputed >= 600 }).toEqual({ findings: [], all: true });
      expect(await verifyTenant(tenant.tenancy, tenant.tenant)).toMatchObject({ ok: true });
    });
  });
});
