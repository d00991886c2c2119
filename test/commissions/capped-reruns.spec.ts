import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  draftVersion,
  earningTotals,
  listPlans,
  publishVersion,
  recompute,
  rerunApplication,
  rerunApproval,
  rerunPreview,
  verifyBookings,
} from '../../src/commissions/index.ts';
import { askRerun, rerunNow } from '../../src/commissions/reruns/service.ts';
import { encodeId, TaskId } from '../../src/kernel/ids.ts';
import { runTask } from '../../src/platform/tasks/index.ts';
import { type Brokerage, openBrokerage } from '../support/brokerage.ts';
import { openTestTenant, testLog, type TestTenant } from '../support/tenancy.ts';

/** More than a page. */
const TRADES = 600;
const REASON = 'the budget was another';

describe('A re-run under a plan with a cap', () => {
  let acme: TestTenant;
  let house: Brokerage;
  beforeAll(async () => {
    acme = await openTestTenant();
    const cap = { kind: 'cap' as const, of: 'client' as const, over: 'day' as const, amount: '30.00' };
    house = await openBrokerage(acme, { clients: 1, plan: { adjusters: [cap] } });
    const closedAt = (trade: number) => new Date(Date.UTC(2026, 2, 10, 6) + trade * 60_000);
    const deals = Array.from({ length: TRADES }, (_none, trade) =>
      house.deal({ lots: '0.01', closedAt: closedAt(trade) }),
    );
    await house.feed(deals.flat());
    await house.book();
  });
  afterAll(() => acme.close());

  const earned = async (): Promise<bigint> => (await acme.inTenant((tx) => earningTotals(tx)))[0]?.earningUnits ?? 0n;
  let approvals = 0n;
  async function runAgain(planId: never, version: number): Promise<void> {
    const { withTenant } = acme.tenancy;
    const kinds = [rerunPreview, rerunApplication];
    const work = (id: TaskId) => runTask({ withTenant, kinds, leaseMs: 30_000, log: testLog }, acme.tenant.id, id);
    const selection = { from: new Date('2026-01-01T00:00:00Z') };
    const terms = { plan: { planId, version } };
    const { rerunId, taskId } = await acme.inTenant((tx) => askRerun(tx, { selection, terms, reason: REASON }));
    await work(taskId);
    const { digest } = await acme.inTenant((tx) => rerunNow(tx, rerunId));
    approvals += 1n;
    const by = {
      approvalId: encodeId('apr', approvals) as never,
      requestedBy: 'test',
      approvedBy: [],
      reason: REASON,
    };
    const result = await acme.inTenant((tx) => rerunApproval.execute(tx, { rerunId, digest }, by));
    await work(TaskId.parse(result?.['taskId']));
    expect((await acme.inTenant((tx) => rerunNow(tx, rerunId))).state).toBe('applied');
  }

  it('never passes the cap, however many pages it has', async () => {
    expect(await earned()).toBe(30_000_000n); // 600 x 0.08 would be 48.
    const [plan] = await acme.inTenant((tx) => listPlans(tx));
    const planId = plan?.id as never;
    const definition = house.seed.plans[0]?.definition;
    const [component] = definition?.components ?? [];
    const cheaper = { ...component, rules: [{ name: 'everything', budget: '4.00' }] };
    await acme.inTenant(async (tx) => {
      const levels = { kind: 'fixed_by_level' as const, unit: 'percent' as const, levels: ['50'] };
      const number = await draftVersion(tx, {
        planId,
        definition: { ...definition, components: [{ ...cheaper, levels }] },
      });
      await publishVersion(tx, { planId, number });
    });
    await runAgain(planId, 2);
    expect(await earned()).toBe(24_000_000n);
    await runAgain(planId, 1);
    expect(await earned()).toBe(30_000_000n);
    await acme.inTenant(async (tx) => {
      expect((await verifyBookings(tx)).findings).toEqual([]);
      expect((await recompute(tx)).findings).toEqual([]);
    });
  });
});
