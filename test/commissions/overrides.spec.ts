import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { listOverrides, overrideRates } from '../../src/commissions/overrides/contract.ts';
import { draftPlanVersion, listPlansOperation, publishPlanVersion } from '../../src/commissions/plans/contract.ts';
import { recompute } from '../../src/commissions/replay/service.ts';
import { explainTradeRebates } from '../../src/commissions/trades/contract.ts';
import { encodeId, type PlanId, tradeIdOf } from '../../src/kernel/ids.ts';
import { query } from '../../src/platform/query.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from './money-desk.ts';

const lastDeal = query(
  'test.last_booked',
  z.object({ key: z.bigint() }),
  `select max(deal_key) as key from commissions.bookings`,
);
const GROUP = 'real\\standard';
const MINUTE_MS = 60_000;

describe('Rates are looked up in what comes before agreements', () => {
  let desk: MoneyDesk;
  let planId: PlanId;
  beforeAll(async () => {
    desk = await openMoneyDesk();
    const { data } = (await desk.api.call(listPlansOperation, { token: desk.people.owner, query: {} })).ok();
    planId = data[0]?.id as PlanId;
  });
  afterAll(() => desk.api.close());

  type Body = z.input<typeof overrideRates.body>;
  const override = (body: Partial<Body> & Pick<Body, 'scope'>, token = desk.people.owner, plan = planId) =>
    desk.api.call(overrideRates, {
      token,
      params: { planId: plan },
      body: { terms: [{ rate: '5.00' }], reason: 'agreed on the telephone', ...body },
    });
  const list = (filter = {}) =>
    desk.api.call(listOverrides, { token: desk.people.auditor, params: { planId }, query: { ...filter } });
  /** What one lot of Zoe's client gives to Zoe, and how her rate was found. */
  const trade = async () => {
    const { brokerage, api, inTenant } = desk;
    await brokerage.feed(brokerage.deal({ login: LOGINS.ofZoe, closedAt: new Date(Date.now() + MINUTE_MS) }));
    expect(await brokerage.book()).toMatchObject({ booked: 1 });
    const [last] = await inTenant((tx) => lastDeal(tx, {}));
    const params = { tradeId: tradeIdOf(last?.key ?? 0n) };
    const { steps } = (await api.call(explainTradeRebates, { token: desk.people.auditor, params })).ok();
    const [zoe, maria] = steps.filter(({ step }) => step === 'share');
    return { zoe: zoe?.amount, maria: maria?.amount, ...zoe?.figures };
  };

  it('the deal of the client link, the personal override, the group override, the agreement, in this order', async () => {
    const clientId = desk.clientOf(LOGINS.ofZoe);
    const ibId = desk.ibOf('Zoe');
    expect(await trade()).toMatchObject({
      zoe: '3.00',
      maria: '5.00',
      lookedUp: 'deal of the client link: none, personal override: none, group override: none, agreement: 3.00',
      rateFrom: 'agreement',
      rate: '3.00',
    });
    (await override({ scope: { kind: 'group', accountGroup: GROUP }, terms: [{ rate: '2.00' }] })).ok();
    expect(await trade()).toMatchObject({ zoe: '2.00', maria: '6.00', rateFrom: 'group override' });
    (await override({ scope: { kind: 'group', accountGroup: GROUP, ibId }, terms: [{ rate: '4.00' }] })).ok();
    expect(await trade()).toMatchObject({ zoe: '4.00', maria: '4.00', rateFrom: 'group override' });
    (await override({ scope: { kind: 'personal', clientId }, terms: [{ rate: '4.50' }] })).ok();
    expect(await trade()).toMatchObject({ zoe: '4.50', maria: '3.50', rateFrom: 'personal override' });
    (await override({ scope: { kind: 'link', ibId, clientId }, terms: [{ rate: '5.00' }] })).ok();
    expect(await trade()).toMatchObject({
      zoe: '5.00',
      maria: '3.00',
      rateFrom: 'deal of the client link',
      rate: '5.00',
      lookedUp:
        'deal of the client link: 5.00, personal override: 4.50, group override: 4.00, group override: 2.00, agreement: 3.00',
    });
    (await override({ scope: { kind: 'link', ibId, clientId }, terms: [] })).ok();
    expect(await trade()).toMatchObject({ zoe: '4.50', rateFrom: 'personal override' });
  });

  it('an IB above has its own deal for a client of another one, and nothing of what is of the own IB', async () => {
    const clientId = desk.clientOf(LOGINS.ofZoe);
    const scope = { kind: 'link' as const, ibId: desk.ibOf('Maria'), clientId };
    (await override({ scope, terms: [{ rate: '6.00' }] })).ok();
    expect(await trade()).toMatchObject({ zoe: '4.50', maria: '1.50' });
    (await override({ scope, terms: [] })).ok();
  });

  it('a rule for which an override has no term is looked up further', async () => {
    const clientId = desk.clientOf(LOGINS.ofZoe);
    (await override({ scope: { kind: 'personal', clientId }, terms: [] })).ok();
    expect(await trade()).toMatchObject({ zoe: '4.00', rateFrom: 'group override' });
  });

  it('what was booked is computed again from what was known then, by both engines', async () => {
    const { findings, recomputed } = await desk.inTenant((tx) => recompute(tx));
    expect(findings).toEqual([]);
    expect(recomputed).toBeGreaterThan(7);
  });

  it('are listed, the newest first, page by page', async () => {
    const all = (await list()).ok().data;
    expect(all).toHaveLength(8);
    expect(all[0]).toMatchObject({ terms: [], reason: 'agreed on the telephone', validTo: null });
    const { data, nextCursor } = (await list({ limit: '5' })).ok();
    const next = (await list({ limit: '5', cursor: nextCursor ?? '' })).ok();
    expect([...data, ...next.data]).toEqual(all);
    expect((await list({ kind: 'group' })).ok().data.map(({ scope }) => scope)).toEqual([
      { kind: 'group', accountGroup: GROUP, ibId: desk.ibOf('Zoe') },
      { kind: 'group', accountGroup: GROUP },
    ]);
    expect((await list({ ibId: desk.ibOf('Maria') })).ok().data).toHaveLength(2);
    expect((await list({ clientId: desk.clientOf(LOGINS.ofLena) })).ok().data).toEqual([]);
  });

  it.each([
    { what: 'above the budget', body: { terms: [{ rate: '8.01' }] }, code: 'commissions.rate_above_budget' },
    { what: 'finer than the ledger', body: { terms: [{ rate: '1.0000001' }] }, code: 'commissions.rate_too_fine' },
    { what: 'a rank where there is none', body: { terms: [{ rank: 'gold' }] }, code: 'commissions.rank_unknown' },
    {
      what: 'for a rule that is not there',
      body: { terms: [{ rule: 'gold', rate: '1.00' }] },
      code: 'commissions.agreement_names_no_rule',
    },
    {
      what: 'since yesterday',
      body: { validFrom: new Date(Date.now() - 86_400_000).toISOString() },
      code: 'commissions.override_backdated',
    },
    {
      what: 'for a group that no server has',
      body: { scope: { kind: 'group' as const, accountGroup: 'real\\vip' } },
      code: 'commissions.account_group_unknown',
    },
    {
      what: 'for a client that is not there',
      body: { scope: { kind: 'personal' as const, clientId: encodeId('cli', 7n) } },
      code: 'clients.client_unknown',
    },
    {
      what: 'for an IB that is not there',
      body: { scope: { kind: 'group' as const, accountGroup: GROUP, ibId: encodeId('ibr', 7n) } },
      code: 'ib.unknown',
    },
  ])('a rate $what is refused as $code, and nothing is kept', async ({ body, code }) => {
    const before = (await list()).ok().data;
    const scope = { kind: 'personal' as const, clientId: desk.clientOf(LOGINS.ofLena) };
    const answer = await override({ scope, ...body });
    expect(answer.code).toBe(code);
    expect([404, 409, 422]).toContain(answer.status);
    expect((await list()).ok().data).toEqual(before);
  });

  it('two of one scope never hold from the same instant, nor one before another', async () => {
    const scope = { kind: 'personal' as const, clientId: desk.clientOf(LOGINS.ofOmar) };
    const later = new Date(Date.now() + 3_600_000).toISOString();
    (await override({ scope, validFrom: later })).ok();
    expect((await override({ scope, validFrom: later })).code).toBe('commissions.override_backdated');
    expect((await override({ scope })).code).toBe('commissions.override_backdated');
  });

  it('a version with a budget below an override is not published', async () => {
    const scope = { kind: 'personal' as const, clientId: desk.clientOf(LOGINS.ofLena) };
    (await override({ scope, terms: [{ rate: '7.90' }] })).ok();
    const definition = {
      currency: 'USD',
      components: [
        {
          name: 'lots',
          model: { kind: 'per_lot' as const },
          levels: { kind: 'differential' as const, suspension: 'roll-up' as const },
          rules: [{ name: 'everything', budget: '8.00' }],
        },
      ],
    };
    const { owner: token } = desk.people;
    const publish = async (budget: string) => {
      const components = definition.components.map((each) => ({ ...each, rules: [{ name: 'everything', budget }] }));
      const body = { definition: { ...definition, components } };
      const { number } = (await desk.api.call(draftPlanVersion, { token, params: { planId }, body })).ok();
      const params = { planId, number: String(number) };
      return desk.api.call(publishPlanVersion, { token, params, body: { reason: 'cheaper' } });
    };
    const refused = await publish('7.80');
    expect([refused.status, refused.code]).toEqual([422, 'commissions.rate_above_budget']);
    expect(refused.text).toMatch(/client \d+: lots, rule everything: agreed 7\.90, budget 7\.80/);
    (await override({ scope, terms: [{ rate: '1.00' }] })).ok();
  });

  it('nobody but who agrees on rates may say them', async () => {
    const scope = { kind: 'personal' as const, clientId: desk.clientOf(LOGINS.ofLena) };
    for (const who of ['finance', 'auditor', 'omar', 'clientOfLena'] as const)
      expect([who, (await override({ scope }, desk.people[who])).status]).toEqual([who, 403]);
    expect((await override({ scope }, desk.people.owner, encodeId('pln', 7n) as PlanId)).code).toBe(
      'commissions.plan_unknown',
    );
  });
});
