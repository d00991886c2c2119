import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareVersions } from '../../src/commissions/differences/contract.ts';
import { lintPlanVersion } from '../../src/commissions/lint/contract.ts';
import {
  agreeOnRates,
  createPlanOperation,
  draftPlanVersion,
  publishPlanVersion,
} from '../../src/commissions/plans/contract.ts';
import { approveApproval, readApproval } from '../../src/identity/approvals/contract.ts';
import type { PlanId } from '../../src/kernel/ids.ts';
import { mapSymbols } from '../../src/trading/index.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import { DEMO_SYMBOLS } from '../../seeds/market.ts';
import { type MoneyDesk, openMoneyDesk } from './money-desk.ts';

type Rule = { readonly name: string; readonly symbol?: string; readonly symbolGroup?: string; readonly budget: string };
const everything = { name: 'everything', budget: '8.00' };
const definitionOf = (rules: readonly Rule[], more: object = {}) => ({
  currency: 'USD',
  components: [
    {
      name: 'lots',
      model: { kind: 'per_lot' },
      levels: { kind: 'fixed_by_level', unit: 'percent', levels: ['20', '5'] },
      rules,
      ...more,
    },
  ],
});

describe('The publication of a version', () => {
  let desk: MoneyDesk;
  let token: string;
  beforeAll(async () => {
    desk = await openMoneyDesk();
    token = desk.people.owner;
  });
  afterAll(() => desk.api.close());

  const make = async (name: string): Promise<PlanId> =>
    (await desk.api.call(createPlanOperation, { token, body: { name } })).ok().id;
  const drafting = (planId: PlanId, definition: object) =>
    desk.api.call(draftPlanVersion, { token, params: { planId }, body: { definition } as never });
  const draft = async (planId: PlanId, definition: object) => String((await drafting(planId, definition)).ok().number);
  const publish = (planId: PlanId, number: string, validFrom?: string) =>
    desk.api.call(publishPlanVersion, {
      token,
      params: { planId, number },
      body: { reason: 'New rates', ...(validFrom === undefined ? {} : { validFrom }) },
    });
  const approve = (asked: Awaited<ReturnType<typeof publish>>) => {
    const { approvalId, hash } = asked.ok();
    return desk.api.call(approveApproval, { token: desk.people.finance, params: { approvalId }, body: { hash } });
  };
  const lint = async (planId: PlanId, number: string, validFrom?: string) =>
    (
      await desk.api.call(lintPlanVersion, {
        token: desk.people.auditor,
        params: { planId, number },
        query: validFrom === undefined ? {} : { validFrom },
      })
    ).ok();

  const warned = definitionOf([everything, { name: 'gold', symbolGroup: 'metals', budget: '12.00' }]);

  it('shows what lint warns of to whoever is to agree, and is what he agrees to', async () => {
    const planId = await make('Warned');
    const number = await draft(planId, warned);
    const found = await lint(planId, number);
    expect(found.findings).toMatchObject([{ severity: 'warning', code: 'rule_shadowed' }]);
    expect(found.worstCases[0]).toMatchObject({ parts: [{ rule: 'everything', paidPercentMax: '25' }] });
    const asked = await publish(planId, number);
    const params = { approvalId: asked.ok().approvalId };
    expect((await desk.api.call(readApproval, { token: desk.people.finance, params })).ok()).toMatchObject({
      summary: 'Publish version 1 of the plan Warned in spite of 1 warning',
      payload: { warnings: [{ code: 'rule_shadowed', place: 'components[lots].rules[gold]' }] },
    });
    expect((await approve(asked)).ok().state).toBe('approved');
  });

  it('is asked for anew where there is something else to be warned of by the time that somebody agrees', async () => {
    const planId = await make('Overtaken');
    const groups = [...new Set(DEMO_SYMBOLS.map(({ symbolGroup }) => symbolGroup))];
    const rules = groups.map((symbolGroup, place) => ({ name: `rule${place}`, symbolGroup, budget: '8.00' }));
    const asked = await publish(planId, await draft(planId, definitionOf(rules)));
    const [symbol] = DEMO_SYMBOLS;
    if (symbol === undefined) throw new Error('the demo has symbols');
    const other = { ...symbol, rawName: 'MOON', symbol: 'MOON', symbolGroup: 'moons' };
    await desk.inTenant((tx) => mapSymbols(tx, { server: 'Test-Live', symbols: [other], validFrom: new Date() }));
    expect((await approve(asked)).code).toBe('identity.approval_outdated');
  });

  it.each([
    ['nothing that it pays', { currency: 'USD', components: [] }, 'commissions.plan_empty'],
    [
      'amounts above the budget',
      definitionOf([everything], {
        levels: { kind: 'fixed_by_level', unit: 'amount', levels: ['6', '4'], scaling: false },
      }),
      'commissions.levels_above_budget',
    ],
    [
      'a tier above the budget',
      definitionOf([everything], {
        adjusters: [{ kind: 'tier', by: 'lots', mode: 'step', tiers: [{ rate: '9.00' }] }],
      }),
      'commissions.rate_above_budget',
    ],
    [
      'percentages above 100',
      definitionOf([everything], { levels: { kind: 'fixed_by_level', unit: 'percent', levels: ['60', '50'] } }),
      'commissions.percentages_above_100',
    ],
    [
      'a currency that no rate leads to',
      { ...definitionOf([everything], { model: { kind: 'pips' } }), currency: 'KWD' },
      'commissions.currency_unreachable',
    ],
  ])('is refused for %s, and lint says so before', async (words, definition, code) => {
    const planId = await make(`Refused for ${words}`);
    const number = await draft(planId, definition);
    expect((await publish(planId, number)).code).toBe(code);
    const [first] = (await lint(planId, number)).findings;
    expect([first?.severity, `commissions.${first?.code.replace('commissions.', '')}`]).toEqual(['error', code]);
  });

  it('is refused for an agreement above the new budget, for dates that overlap, and for a currency that is none', async () => {
    const planId = await make('Agreed upon');
    const differential = (budget: string) =>
      definitionOf([{ ...everything, budget }], { levels: { kind: 'differential', suspension: 'roll-up' } });
    (await approve(await publish(planId, await draft(planId, differential('8.00')), '2030-01-01T00:00:00Z'))).ok();
    const body = { ibId: desk.ibOf('Omar'), terms: [{ rate: '7.00' }], validFrom: '2030-01-01T00:00:00Z' };
    (await desk.api.call(agreeOnRates, { token, params: { planId }, body })).ok();
    const lower = await draft(planId, differential('6.00'));
    expect((await publish(planId, lower, '2031-01-01T00:00:00Z')).code).toBe('commissions.rate_above_budget');
    const early = await draft(planId, differential('9.00'));
    expect((await publish(planId, early, '2029-01-01T00:00:00Z')).code).toBe('commissions.versions_overlap');
    expect((await lint(planId, early, '2029-01-01T00:00:00Z')).findings).toMatchObject([
      { severity: 'error', code: 'commissions.versions_overlap', place: 'validFrom' },
    ]);
    expect((await drafting(planId, { ...differential('9.00'), currency: 'XXQ' })).code).toBe(
      'commissions.currency_unknown',
    );
  });

  it('is for good: the database refuses a change and a removal, whoever asks', async () => {
    const planId = await make('For good');
    (await approve(await publish(planId, await draft(planId, definitionOf([everything]))))).ok();
    const { provisioning } = desk.api.tenancy;
    const { database } = desk.api.tenantOf('acme');
    for (const sql of [
      `update commissions.plan_versions set definition = '{}' where published_at is not null`,
      `update commissions.plan_versions set valid_from = now() where published_at is not null`,
      `delete from commissions.plan_versions where published_at is not null`,
    ])
      await expect(asAdmin(provisioning, database, (pool) => pool.raw(sql))).rejects.toMatchObject({ code: '23001' });
  });

  it('is compared in words with the version in force, or with any other', async () => {
    const planId = await make('Compared');
    const compare = (number: string, from?: string) =>
      desk.api.call(compareVersions, {
        token: desk.people.auditor,
        params: { planId, number },
        query: from === undefined ? {} : { from },
      });
    const first = await draft(planId, definitionOf([everything]));
    expect((await compare(first)).code).toBe('commissions.version_unknown'); // None is in force.
    (await approve(await publish(planId, first))).ok();
    const second = await draft(planId, definitionOf([{ ...everything, budget: '9.50' }]));
    expect((await compare(second)).ok()).toEqual({
      planId,
      from: 1,
      to: 2,
      differences: [
        {
          change: 'changed',
          path: 'components[lots].rules[everything].budget',
          before: '8.00',
          after: '9.50',
          sentence: 'Rule everything: the budget rises from 8.00 to 9.50 USD per lot.',
        },
      ],
    });
    expect((await compare(first, second)).ok().differences).toMatchObject([{ before: '9.50', after: '8.00' }]);
    expect((await compare('9')).code).toBe('commissions.version_unknown');
  });
});
