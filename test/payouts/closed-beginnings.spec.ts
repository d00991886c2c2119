import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import {
  agreeOnRates,
  assignPlanOperation,
  createPlanOperation,
  draftPlanVersion,
  publishPlanVersion,
  readPlan,
} from '../../src/commissions/plans/contract.ts';
import { approveApproval } from '../../src/identity/approvals/contract.ts';
import { moveIbOperation } from '../../src/ib/contract.ts';
import { Currency } from '../../src/kernel/currency.ts';
import type { PlanId } from '../../src/kernel/ids.ts';
import { checkClosing } from '../../src/payouts/closings/contract.ts';
import { type MoneyDesk, openMoneyDesk } from '../commissions/money-desk.ts';
import { closing } from '../commissions/rerun-desk.ts';

const UNTIL = '2026-03-15T00:00:00.000Z';
const BEFORE = '2026-03-14T23:59:59.999Z';
const EARLIER = '2026-02-01T00:00:00.000Z';

const definition: PlanDefinition = {
  currency: Currency.parse('USD'),
  components: [
    {
      name: 'lots',
      model: { kind: 'per_lot' },
      levels: { kind: 'differential', suspension: 'roll-up' },
      rules: [{ name: 'everything', budget: '9.00' }],
      traderRebate: '0',
      filters: [],
    },
  ],
};

describe('What begins for the first time may begin in the past, and in no closed period', () => {
  let desk: MoneyDesk;
  let owner: string;
  const plans = new Map<string, PlanId>();
  /** Asked for before the books are closed, and agreed to only afterwards. */
  let waiting: Awaited<ReturnType<typeof publish>>;
  beforeAll(async () => {
    desk = await openMoneyDesk();
    ({ owner } = desk.people);
    for (const name of ['early', 'waiting', 'late']) {
      const planId = (await desk.api.call(createPlanOperation, { token: owner, body: { name } })).ok().id;
      (await desk.api.call(draftPlanVersion, { token: owner, params: { planId }, body: { definition } })).ok();
      plans.set(name, planId);
    }
  });
  afterAll(() => desk.api.close());

  const planOf = (name: string): { planId: PlanId } => {
    const planId = plans.get(name);
    if (planId === undefined) throw new Error(`there is no plan ${name}`);
    return { planId };
  };
  const publish = (name: string, validFrom?: string) =>
    desk.api.call(publishPlanVersion, {
      token: owner,
      params: { ...planOf(name), number: '1' },
      body: { reason: 'It was agreed long ago', ...(validFrom !== undefined && { validFrom }) },
    });
  const approve = (asked: Awaited<ReturnType<typeof publish>>) => {
    const { approvalId, hash } = asked.ok();
    return desk.api.call(approveApproval, { token: desk.people.finance, params: { approvalId }, body: { hash } });
  };
  const assign = (name: string, ib: string, validFrom?: string) =>
    desk.api.call(assignPlanOperation, {
      token: owner,
      params: planOf(name),
      body: { ibId: desk.ibOf(ib), ...(validFrom !== undefined && { validFrom }) },
    });
  const agree = (name: string, ib: string, validFrom?: string) =>
    desk.api.call(agreeOnRates, {
      token: owner,
      params: planOf(name),
      body: { ibId: desk.ibOf(ib), terms: [{ rate: '2.00' }], ...(validFrom !== undefined && { validFrom }) },
    });
  const refused = (answer: { status: number; code: string | undefined; body: unknown }) => {
    expect([answer.status, answer.code]).toEqual([409, 'payouts.period_closed']);
    expect(answer.body).toMatchObject({ closedUntil: UNTIL });
  };

  it('is told of before a closing where it waits for a second person and lies in the period', async () => {
    const move = (ib: string, body: object) =>
      desk.api.call(moveIbOperation, {
        token: owner,
        params: { ibId: desk.ibOf(ib) },
        body: { parentId: null, reason: 'It stands alone', ...body },
      });
    const unapproved = async (until: string): Promise<number> => {
      const { warnings } = (await desk.api.call(checkClosing, { token: owner, query: { until } })).ok();
      return warnings.find(({ name }) => name === 'changes_unapproved')?.count ?? 0;
    };
    expect(await unapproved(UNTIL)).toBe(0);
    (await move('Omar', {})).ok(); // When it is agreed to.
    (await move('Zoe', { effectiveAt: '2999-01-01T00:00:00Z' })).ok();
    (await move('Lena', { effectiveAt: BEFORE, backdated: true })).ok();
    expect(await unapproved(BEFORE), 'what begins where the period ends is not in it').toBe(0);
    expect(await unapproved(UNTIL)).toBe(1);
    waiting = await publish('waiting', EARLIER);
    expect(await unapproved(UNTIL)).toBe(2);
  });

  it('begins in the past while nothing is closed', async () => {
    expect((await approve(await publish('early', EARLIER))).ok()).toMatchObject({ state: 'approved' });
    expect((await assign('early', 'Zoe', EARLIER)).ok()).toMatchObject({ validFrom: EARLIER });
    expect((await agree('early', 'Zoe', EARLIER)).ok()).toMatchObject({ validFrom: EARLIER });
    await desk.inTenant((tx) =>
      closing(tx, { id: 'clo_00000000000000000000000001', approvalId: 'apr_00000000000000000000000001' }),
    );
  });

  it.each([EARLIER, BEFORE])('is refused by name from %s on, and nothing is recorded', async (validFrom) => {
    refused(await publish('late', validFrom));
    refused(await assign('early', 'Lena', validFrom));
    refused(await agree('early', 'Lena', validFrom));
  });

  it('is refused as well when the second person agrees after the closing', async () => {
    const answer = await approve(waiting);
    expect([answer.code, (answer.body as { because?: string }).because]).toEqual([
      'identity.approval_failed',
      'payouts.period_closed',
    ]);
    const shown = await desk.api.call(readPlan, { token: owner, params: planOf('waiting') });
    expect(shown.ok().versions).toMatchObject([{ state: 'draft', validFrom: null }]);
  });

  it('begins where the closed period ends, or now', async () => {
    expect((await approve(await publish('late', UNTIL))).ok()).toMatchObject({ result: { validFrom: UNTIL } });
    expect((await approve(await publish('waiting'))).ok()).toMatchObject({ state: 'approved' });
    expect((await assign('early', 'Lena', UNTIL)).ok()).toMatchObject({ validFrom: UNTIL });
    expect((await agree('early', 'Lena', UNTIL)).ok()).toMatchObject({ validFrom: UNTIL });
    expect((await assign('early', 'Omar')).status).toBe(200);
    expect((await agree('early', 'Omar')).status).toBe(201);
  });

  it('still names what was there before, where it is not the first', async () => {
    expect((await assign('early', 'Lena', BEFORE)).code).toBe('commissions.assignment_backdated');
    expect((await agree('early', 'Lena', BEFORE)).code).toBe('commissions.agreement_backdated');
  });
});
