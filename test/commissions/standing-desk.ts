import { expect } from 'vitest';
import { z } from 'zod';
import type { AdjusterSettings } from '../../src/commissions/adjusters/index.ts';
import { carryOutAmendments } from '../../src/commissions/amendments/service.ts';
import { recompute, settleTrueUps, trueUp, verifyBookings } from '../../src/commissions/index.ts';
import { TaskId } from '../../src/kernel/ids.ts';
import { query } from '../../src/platform/query.ts';
import { runTask } from '../../src/platform/tasks/index.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import type { RawDeal } from '../../src/trading/index.ts';
import { type BrokerageWords, openBrokerage } from '../support/brokerage.ts';
import { openTestTenant, testLog } from '../support/tenancy.ts';

const earnings = query(
  'test.earnings',
  z.object({ units: z.bigint(), reason: z.string().nullable() }),
  `
  select b.earning_units as units, u.reason
    from (select distinct on (deal_key) * from commissions.bookings order by deal_key, revision desc) b
    left join commissions.unpaid u on u.deal_key = b.deal_key and u.revision = b.revision and u.component = -1
   order by b.deal_key`,
);
const counters = query(
  'test.counters',
  z.object({ measure: z.string(), units: z.string() }),
  `select measure, sum(units)::text as units from commissions.counters group by measure order by measure`,
);
const tasksOf = query(
  'test.tasks',
  z.object({ id: TaskId, state: z.string() }),
  `select id, state from platform.tasks order by created_at`,
);

/** Half of what a trade earns is the direct IB's, a fifth that of the one above. */
export const LEVELS = { kind: 'fixed_by_level' as const, unit: 'percent' as const, levels: ['50', '20'] };

type Tier = Extract<AdjusterSettings, { kind: 'tier' }>;

/** 5 up to 100 lots, 6 up to 500, 7 above. */
export const tier = (mode: Tier['mode']): Tier => ({
  kind: 'tier',
  by: 'lots',
  of: 'ib',
  mode,
  unit: 'rate',
  tiers: [{ upTo: '100', rate: '5' }, { upTo: '500', rate: '6' }, { rate: '7' }],
});

export const usd = (amount: number): bigint => BigInt(Math.round(amount * 1_000_000));

/** A tenant of a shared installation, whose plan looks at more than one trade. */
export type StandingDesk = Awaited<ReturnType<typeof openStandingDesk>>;

export async function openStandingDesk(tenancy: Tenancy, words: BrokerageWords) {
  const acme = await openTestTenant(tenancy);
  const brokerage = await openBrokerage(acme, words);
  const { inTenant } = acme;
  const { withTenant } = tenancy;
  return {
    ...acme,
    brokerage,
    /** What each trade earns as of its last revision, in dollars, or why nothing. */
    earned: async () =>
      (await inTenant((tx) => earnings(tx, {}))).map(({ units, reason }) => reason ?? Number(units) / 1_000_000),
    /** Sums of the counters. */
    counted: async () => (await inTenant((tx) => counters(tx, {}))).map(({ measure, units }) => `${measure} ${units}`),
    /** Everything that must hold of bookings, and each of them computed again by both engines. */
    holds: async (): Promise<void> => {
      expect((await inTenant((tx) => verifyBookings(tx))).findings).toEqual([]);
      expect((await inTenant((tx) => recompute(tx))).findings).toEqual([]);
    },
    /** A round of settling, and the tasks that it asked for: the states of all. */
    settle: async (): Promise<string[]> => {
      await settleTrueUps({ withTenant }, acme.tenant.id);
      for (const { id, state } of await inTenant((tx) => tasksOf(tx, {})))
        if (state === 'queued')
          await runTask({ withTenant, kinds: [trueUp], leaseMs: 5_000, log: testLog }, acme.tenant.id, id);
      return (await inTenant((tx) => tasksOf(tx, {}))).map(({ state }) => state);
    },
    /** What the feed said of deals afterwards, taken up. */
    correct: () => inTenant((tx) => carryOutAmendments(tx, brokerage.memory.books, { after: 0n })),
    /** The same, said first. */
    amend: async (type: 'deal.update' | 'deal.delete', deal: RawDeal): Promise<void> => {
      await brokerage.tell([{ type, deal }]);
      await inTenant((tx) => carryOutAmendments(tx, brokerage.memory.books, { after: 0n }));
    },
  };
}
