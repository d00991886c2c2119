import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { openBrokerage } from '../support/brokerage.ts';
import { openTestTenancy, openTestTenant } from '../support/tenancy.ts';

import { PLAN, step, Told } from './told-deals.ts';

describe('Whatever happens to deals and tree', () => {
  let tenancy: Tenancy;
  beforeAll(async () => {
    tenancy = await openTestTenancy();
  });
  afterAll(() => tenancy.close());
  const openTold = async (): Promise<Told> => {
    const acme = await openTestTenant(tenancy);
    return new Told(acme, await openBrokerage(acme, PLAN));
  };

  it('the sum over all revisions is what booking everything afresh comes to, and the books say the same', async () => {
    const story = fc.array(step, { minLength: 25, maxLength: 45 });
    await fc.assert(
      fc.asyncProperty(story, async (steps) => {
        const told = await openTold();
        for (const each of steps) await told.tell(each);
        await told.end();
        await told.holds();
        const afresh = await openTold();
        for (const move of told.moves) await afresh.make(move);
        await afresh.house.feed(
          told.positions.flatMap(({ open, close, isDeleted }) => (isDeleted ? [open] : [open, close])),
        );
        await afresh.house.book();
        expect(await told.totals()).toEqual(await afresh.totals());
      }),
      { numRuns: 2, endOnFailure: true },
    );
  });
});
