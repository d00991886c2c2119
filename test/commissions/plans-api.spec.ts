import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  agreeOnRates,
  assignPlanOperation,
  createPlanOperation,
  draftPlanVersion,
  listPlansOperation,
  publishPlanVersion,
  readPlan,
  readPlanVersion,
} from '../../src/commissions/plans/contract.ts';
import type { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { approveApproval } from '../../src/identity/approvals/contract.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { encodeId, type PlanId } from '../../src/kernel/ids.ts';
import { query } from '../../src/platform/query.ts';
import { type MoneyDesk, openMoneyDesk } from './money-desk.ts';

const definitionOf = (budget: string): PlanDefinition => ({
  currency: Currency.parse('USD'),
  components: [
    {
      name: 'lots',
      model: { kind: 'per_lot' },
      levels: { kind: 'differential', suspension: 'roll-up' },
      rules: [{ name: 'everything', budget }],
      traderRebate: '0',
      filters: [{ kind: 'minimum_time_open', seconds: 120 }],
    },
  ],
});

const planEvents = query(
  'test.plan_events',
  z.object({ type: z.string(), payload: z.record(z.string(), z.unknown()) }),
  `select type, payload from platform.events where stream = :stream order by version`,
);

describe('Plans over HTTP', () => {
  let desk: MoneyDesk;
  let owner: string;
  beforeAll(async () => {
    desk = await openMoneyDesk();
    ({ owner } = desk.people);
  });
  afterAll(() => desk.api.close());

  const make = async (name: string): Promise<PlanId> =>
    (await desk.api.call(createPlanOperation, { token: owner, body: { name } })).ok().id;
  const draft = async (planId: PlanId, budget = '9.00'): Promise<string> => {
    const body = { definition: definitionOf(budget) };
    return String((await desk.api.call(draftPlanVersion, { token: owner, params: { planId }, body })).ok().number);
  };
  const publish = (planId: PlanId, number: string, body: { validFrom?: string } = {}, token = owner) =>
    desk.api.call(publishPlanVersion, { token, params: { planId, number }, body: { reason: 'New rates', ...body } });
  const approve = (asked: Awaited<ReturnType<typeof publish>>, token: string) => {
    const { approvalId, hash } = asked.ok();
    return desk.api.call(approveApproval, { token, params: { approvalId }, body: { hash } });
  };

  it('are made, drafted, shown, and published when somebody else agrees to the very definition', async () => {
    const planId = await make('Gold partners');
    expect(await draft(planId)).toBe('1');
    const shown = async () => (await desk.api.call(readPlan, { token: desk.people.auditor, params: { planId } })).ok();
    expect((await shown()).versions).toMatchObject([{ number: 1, state: 'draft', validFrom: null }]);
    const params = { planId, number: '1' };
    const version = (await desk.api.call(readPlanVersion, { token: desk.people.support, params })).ok();
    expect(version.definition).toEqual(definitionOf('9.00'));
    const asked = await publish(planId, '1');
    expect(asked.status).toBe(202);
    expect((await publish(planId, '1')).code).toBe('identity.approval_pending');
    expect((await shown()).versions).toMatchObject([{ state: 'draft' }]);
    expect((await approve(asked, owner)).code).toBe('identity.approval_own');
    expect((await approve(asked, desk.people.finance)).ok()).toMatchObject({
      state: 'approved',
      kind: 'plans.publish',
    });
    expect((await shown()).versions).toMatchObject([{ number: 1, state: 'published' }]);
    expect((await publish(planId, '1')).code).toBe('commissions.version_published');
    const listed = (await desk.api.call(listPlansOperation, { token: owner, query: { q: 'gold' } })).ok();
    expect(listed.data).toMatchObject([{ id: planId, versions: 1, versionInForce: 1 }]);
    const events = await desk.inTenant((tx) => planEvents(tx, { stream: `plan/${planId}` }));
    expect(events.at(-1)).toMatchObject({
      type: 'commissions.version_published',
      payload: { before: { state: 'draft' }, after: { state: 'published' } },
    });
  });

  it('are published once under two who agree at once', async () => {
    const planId = await make('Raced');
    const asked = await publish(planId, await draft(planId));
    const both = await Promise.all([approve(asked, desk.people.finance), approve(asked, desk.people.otherFinance)]);
    expect(both.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([200, 409]);
    const events = await desk.inTenant((tx) => planEvents(tx, { stream: `plan/${planId}` }));
    expect(events.filter(({ type }) => type === 'commissions.version_published')).toHaveLength(1);
  });

  it('refuse a publication that could not be, before anybody is asked', async () => {
    const planId = await make('Refused');
    expect((await publish(planId, '7')).code).toBe('commissions.version_unknown');
    expect((await publish(planId, await draft(planId, '9.0000001'))).code).toBe('commissions.rate_too_fine');
    const good = await draft(planId);
    (await approve(await publish(planId, good), desk.people.finance)).ok();
    const late = await publish(planId, await draft(planId), { validFrom: '2020-01-01T00:00:00Z' });
    expect([late.status, late.code]).toEqual([409, 'commissions.versions_overlap']);
  });

  it('are assigned and agreed upon, with an event that has what was before', async () => {
    const planId = await make('For Omar');
    (await approve(await publish(planId, await draft(planId)), desk.people.finance)).ok();
    const ibId = desk.ibOf('Omar');
    const assigned = await desk.api.call(assignPlanOperation, { token: owner, params: { planId }, body: { ibId } });
    expect(assigned.ok()).toMatchObject({ planId, ibId });
    const agree = (rate: string, validFrom?: string) =>
      desk.api.call(agreeOnRates, {
        token: owner,
        params: { planId },
        body: { ibId, terms: [{ rate }], ...(validFrom === undefined ? {} : { validFrom }) },
      });
    expect((await agree('6.50')).ok()).toMatchObject({ ibId, terms: [{ rate: '6.50' }] });
    expect((await agree('9.01')).code).toBe('commissions.rate_above_budget');
    const backdated = await agree('5.00', '2020-01-01T00:00:00Z');
    expect(backdated.code).toBe('commissions.agreement_backdated');
    expect(backdated.text, 'the detail tells instants, no key of ours').toContain(
      'Asked 2020-01-01T00:00:00.000Z, it is ',
    );
    (await agree('7.00')).ok();
    const events = await desk.inTenant((tx) => planEvents(tx, { stream: `plan/${planId}` }));
    expect(events.at(-1)?.payload).toMatchObject({
      before: [{ terms: [{ rate: '6.50' }] }],
      after: [{ terms: [{ rate: '7.00' }] }],
    });
    const nobody = encodeId('ibr', 3n);
    for (const operation of [assignPlanOperation, agreeOnRates]) {
      const body = { ibId: nobody, ...(operation === agreeOnRates ? { terms: [] } : {}) };
      const answer = await desk.api.call(operation, { token: owner, params: { planId }, body: body as never });
      expect([answer.status, answer.code]).toEqual([404, 'ib.unknown']);
    }
  });

  it('refuse definitions that are none, and fields that are the server’s', async () => {
    const planId = await make('Strict');
    const [component] = definitionOf('9').components;
    const bad: unknown[] = [
      { definition: { ...definitionOf('9'), id: planId } },
      { definition: definitionOf('9'), state: 'published' },
      { definition: { currency: 'USD', components: [{}] } },
      { definition: { currency: 'usd', components: [component] } },
      ...['1e3', '-1', ' 9', '0x9', '9,00', '٩', 'NaN', 9].map((budget) => ({
        definition: { currency: 'USD', components: [{ ...component, rules: [{ name: 'all', budget }] }] },
      })),
      { definition: { currency: 'USD', components: [{ ...component, model: { kind: 'per_dream' } }] } },
      { definition: { currency: 'USD', components: [{ ...component, name: "x'; drop schema ledger" }] } },
    ];
    for (const body of bad) {
      const answer = await desk.api.call(draftPlanVersion, { token: owner, params: { planId }, body: body as never });
      expect([body, answer.status]).toEqual([body, 422]);
    }
    expect((await desk.api.call(createPlanOperation, { token: owner, body: { name: 'Strict' } })).code).toBe(
      'commissions.plan_name_taken',
    );
    for (const asked of [{ sort: 'created_at' }, { cursor: 'x' }, { q: '' }, { 'name; --': '1' }])
      expect((await desk.api.call(listPlansOperation, { token: owner, query: asked as object })).status).toBe(400);
    const wild = (await desk.api.call(listPlansOperation, { token: owner, query: { q: "%_'" } })).ok();
    expect(wild.data).toEqual([]);
  });

  it('are nobody’s business outside the back office, and changed by few', async () => {
    const planId = await make('Closed');
    const { finance, auditor, omar, clientOfLena } = desk.people;
    for (const token of [omar, clientOfLena])
      expect((await desk.api.call(listPlansOperation, { token })).status).toBe(403);
    for (const token of [finance, auditor, omar, clientOfLena]) {
      const answer = await desk.api.call(createPlanOperation, { token, body: { name: 'Mine' } });
      expect(answer.status).toBe(403);
      expect((await publish(planId, '1', {}, token)).status).toBe(403);
    }
    const absent = encodeId('pln', 3n) as PlanId;
    const answer = await desk.api.call(readPlan, { token: owner, params: { planId: absent } });
    expect([answer.status, answer.code]).toEqual([404, 'commissions.plan_unknown']);
  });
});
