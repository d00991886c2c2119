import { award } from '../../src/commissions/awards/service.ts';
import { holdSettlement } from '../../src/commissions/index.ts';
import { Currency } from '../../src/kernel/currency.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { type Brokerage, openBrokerage } from '../support/brokerage.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';
import { allStatements, setDefault } from './statement-desk.ts';

const USD = Currency.parse('USD');

/** A fresh tenant with Maria above Kim, one client of Kim's; a lot earns Kim 4.00 and Maria 4.00. */
export async function openStory(tenancy: Tenancy, words: Parameters<typeof setDefault>[1] = {}) {
  const at: TestTenant = await openTestTenant(tenancy);
  const brokerage: Brokerage = await openBrokerage(at, { chain: 'Maria 8.00 > Kim 4.00', clients: 1 });
  await setDefault(at.inTenant, words);
  const trade = async (closedAt: string, lots = '1'): Promise<void> => {
    await brokerage.feed(brokerage.deal({ closedAt: new Date(closedAt), lots }));
    await brokerage.book();
  };
  const kim = brokerage.ibs.get('Kim');
  const maria = brokerage.ibs.get('Maria');
  if (kim === undefined || maria === undefined) throw new Error('the story has lost somebody');
  const ofKim = async () => (await allStatements(at.inTenant)).filter(({ party }) => party.key === kim.key);
  const takeBack = (units: bigint, once: string, earnedAt: string) =>
    at.inTenant(async (tx) => {
      await holdSettlement(tx);
      const parts = [{ kind: 'ib', beneficiary: kim.key, depth: 0, units: -units }] as const;
      const taken = {
        kind: 'clawback' as const,
        planVersionKey: null,
        component: 0,
        clientKey: null,
        ibKey: kim.key,
        currency: USD,
        earnedAt: new Date(earnedAt),
        units: -units,
        inputs: {},
        once,
        parts,
      };
      await award(tx, [taken]);
    });
  return { ...at, brokerage, trade, kim, maria, ofKim, takeBack };
}
