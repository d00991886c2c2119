import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  agree,
  assignPlan,
  createPlan,
  draftVersion,
  listPlans,
  type PlanDefinition,
  publishVersion,
} from '../../src/commissions/index.ts';
import { PlanBooks } from '../../src/commissions/plans/store.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { PlanId } from '../../src/kernel/ids.ts';
import { createIbs } from '../../src/ib/index.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const perLot = (budget: string): PlanDefinition => ({
  currency: Currency.parse('USD'),
  components: [
    {
      name: 'lots',
      model: { kind: 'per_lot' },
      levels: { kind: 'differential', suspension: 'house' },
      rules: [{ name: 'everything', budget }],
      traderRebate: '0',
      filters: [],
    },
  ],
});
const past = new Date('2020-01-01T00:00:00Z');
const ahead = (minutes: number): Date => new Date(Date.now() + minutes * 60_000);

let acme: TestTenant;
beforeAll(async () => {
  acme = await openTestTenant();
});
afterAll(() => acme.close());

const published = (name: string, budget: string, validFrom = past): Promise<PlanId> =>
  acme.inTenant(async (tx) => {
    const planId = await createPlan(tx, { name });
    const number = await draftVersion(tx, { planId, definition: perLot(budget) });
    await publishVersion(tx, { planId, number, validFrom });
    return planId;
  });

describe('A plan is published for good', () => {
  it('takes a first version from the past, further ones from now on only, each after the last', async () => {
    const planId = await published('first', '8.00');
    const publish = (validFrom: Date) =>
      acme.inTenant(async (tx) =>
        publishVersion(tx, {
          planId,
          number: await draftVersion(tx, { planId, definition: perLot('9.00') }),
          validFrom,
        }),
      );
    await expect(publish(new Date('2021-01-01T00:00:00Z'))).rejects.toMatchObject({
      code: 'commissions.version_backdated',
    });
    await publish(ahead(10));
    await expect(publish(ahead(5))).rejects.toMatchObject({ code: 'commissions.versions_overlap' });
  });

  it('never changes a published version, not even by hand in the database', async () => {
    const planId = await published('for good', '8.00');
    await expect(acme.inTenant((tx) => publishVersion(tx, { planId, number: 1 }))).rejects.toMatchObject({
      code: 'commissions.version_published',
    });
    const change = asAdmin(acme.tenancy.provisioning, acme.tenant.database, (pool) =>
      pool.raw(`update commissions.plan_versions set definition = '{}' where published_at is not null`),
    );
    await expect(change).rejects.toMatchObject({ code: '23001' });
  });

  it.each([
    [
      'no rules',
      { ...perLot('8'), components: [{ ...perLot('8').components[0], rules: [] }] },
      'commissions.definition_invalid',
    ],
    ['an unknown currency', { ...perLot('8'), currency: 'XXQ' }, 'commissions.currency_unknown'],
    [
      'a rate that is a number',
      { ...perLot('8'), components: [{ ...perLot('8').components[0], rules: [{ name: 'a', budget: 8 }] }] },
      'commissions.definition_invalid',
    ],
    ['a field that does not exist', { ...perLot('8'), secret: true }, 'commissions.definition_invalid'],
  ])('refuses a draft with %s by name', async (_words, definition, code) => {
    const draft = acme.inTenant(async (tx) =>
      draftVersion(tx, { planId: await createPlan(tx, { name: 'bad' }), definition }),
    );
    await expect(draft).rejects.toMatchObject({ code });
    expect((await acme.inTenant((tx) => listPlans(tx))).map((plan) => plan.name)).not.toContain('bad');
  });

  it('refuses absent plans, versions and names that are taken', async () => {
    const planId = await published('taken', '8.00');
    await expect(acme.inTenant((tx) => createPlan(tx, { name: 'taken' }))).rejects.toMatchObject({
      code: 'commissions.plan_name_taken',
    });
    await expect(acme.inTenant((tx) => publishVersion(tx, { planId, number: 9 }))).rejects.toMatchObject({
      code: 'commissions.version_unknown',
    });
    const absent = PlanId.parse('pln_00000000000000000000000001');
    await expect(acme.inTenant((tx) => assignPlan(tx, { planId: absent }))).rejects.toMatchObject({
      code: 'commissions.plan_unknown',
    });
  });
});

describe('Agreements keep within the budget', () => {
  it('are refused above it, and a version below an agreement is refused, not clipped', async () => {
    const planId = await published('budget', '8.00');
    const ib = await acme.inTenant(
      async (tx) => (await createIbs(tx, [{ name: 'Maria', parent: null, validFrom: past }]))[0]?.key ?? 0,
    );
    const at = (rate: string, validFrom?: Date) =>
      acme.inTenant((tx) =>
        agree(tx, { planId, agreements: [{ ibKey: ib, terms: [{ rate }], ...(validFrom && { validFrom }) }] }),
      );
    await expect(at('8.01', past)).rejects.toMatchObject({ code: 'commissions.rate_above_budget' });
    await at('8.00', past);
    await expect(at('7.00', past)).rejects.toMatchObject({ code: 'commissions.agreement_backdated' });
    const lower = acme.inTenant(async (tx) =>
      publishVersion(tx, {
        planId,
        number: await draftVersion(tx, { planId, definition: perLot('7.50') }),
        validFrom: ahead(1),
      }),
    );
    await expect(lower).rejects.toMatchObject({ code: 'commissions.rate_above_budget' });
  });
});

describe('Drafts may be published in another order than they were made', () => {
  it('and an agreement keeps within the version that holds, not the one with the highest number', async () => {
    const planId = await published('reordered', '8.00');
    const [second, third] = await acme.inTenant(async (tx) => [
      await draftVersion(tx, { planId, definition: perLot('6.00') }),
      await draftVersion(tx, { planId, definition: perLot('8.00') }),
    ]);
    const soon = ahead(1);
    await acme.inTenant((tx) => publishVersion(tx, { planId, number: third ?? 0, validFrom: soon }));
    await acme.inTenant((tx) => publishVersion(tx, { planId, number: second ?? 0, validFrom: ahead(2) }));
    const agreed = acme.inTenant(async (tx) => {
      const [ib] = await createIbs(tx, [{ name: 'Late', parent: null, validFrom: past }]);
      await agree(tx, {
        planId,
        agreements: [{ ibKey: ib?.key ?? 0, terms: [{ rate: '7.00' }], validFrom: ahead(3) }],
      });
    });
    await expect(agreed).rejects.toMatchObject({ code: 'commissions.rate_above_budget' });
  });
});

describe('The nearest assignment names the plan, as of the trade', () => {
  it('prefers the IB next to the client over those above, and those over the whole tenant', async () => {
    const [whole, tree] = [await published('whole tenant', '1'), await published('one tree', '2')];
    const master = await acme.inTenant(
      async (tx) => (await createIbs(tx, [{ name: 'Omar', parent: null, validFrom: past }]))[0]?.key ?? 0,
    );
    await acme.inTenant(async (tx) => {
      await assignPlan(tx, { planId: whole, validFrom: past });
      await assignPlan(tx, { planId: tree, ibKey: master, validFrom: new Date('2022-01-01T00:00:00Z') });
    });
    const books = new PlanBooks();
    const budgetAt = (chain: number[], at: string): Promise<bigint | undefined> =>
      acme.inTenant(
        async (tx) =>
          (await books.read(tx)).versionFor(
            chain.map((ibKey) => ({ ibKey })),
            Date.parse(at),
          )?.plan.components[0]?.rules[0]?.budgetUnits,
      );
    expect(await budgetAt([999, master], '2023-01-01T00:00:00Z')).toBe(2_000_000n);
    expect(await budgetAt([999, master], '2021-12-31T23:59:59.999Z')).toBe(1_000_000n);
    expect(await budgetAt([999], '2023-01-01T00:00:00Z')).toBe(1_000_000n);
    expect(await budgetAt([999], '2019-12-31T23:59:59.999Z')).toBeUndefined();
    await expect(acme.inTenant((tx) => assignPlan(tx, { planId: tree, validFrom: past }))).rejects.toMatchObject({
      code: 'commissions.assignment_backdated',
    });
  });

  it('sees a change in the very next transaction, whatever a process remembers', async () => {
    const books = new PlanBooks();
    const read = () => acme.inTenant(async (tx) => (await books.read(tx)).version);
    const before = await read();
    await published('another', '3');
    expect(await read()).toBe(before + 1n);
  });
});
