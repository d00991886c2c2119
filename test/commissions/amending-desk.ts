import { expect } from 'vitest';
import { z } from 'zod';
import { carryOutAmendments, correctLateEntries } from '../../src/commissions/amendments/service.ts';
import { beneficiaryTotals, earningTotals, recompute, verifyBookings } from '../../src/commissions/index.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { type DealId, dealIdOf } from '../../src/kernel/ids.ts';
import { formatAmount } from '../../src/kernel/money.ts';
import { trialBalance, verifyLedger } from '../../src/ledger/index.ts';
import { query } from '../../src/platform/query.ts';
import { type RawDeal, verifyFeed } from '../../src/trading/index.ts';
import { type Brokerage, type BrokerageWords, openBrokerage } from '../support/brokerage.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const USD = Currency.parse('USD');

const sums = query(
  'test.shares_of_ibs',
  z.object({ name: z.string().nullable(), units: z.bigint() }),
  `
  select i.name, sum(r.units)::bigint as units from commissions.rebates r left join ib.ibs i on r.kind = 1 and i.key = r.beneficiary
   group by i.name having sum(r.units) <> 0 order by i.name nulls last`,
);
const bookingRows = query(
  'test.revisions',
  z.object({ dealKey: z.bigint(), revision: z.int(), earningUnits: z.bigint(), reason: z.string().nullable() }),
  `
  select b.deal_key as "dealKey", b.revision, b.earning_units as "earningUnits", u.reason
    from commissions.bookings b
    left join commissions.unpaid u on u.deal_key = b.deal_key and u.revision = b.revision and u.component = -1
   order by b.deal_key, b.revision`,
);
const waiting = query(
  'test.waiting',
  z.object({ code: z.string(), detail: z.string() }),
  `select code, detail from trading.parked where resolved_at is null order by deal_key`,
);
const keyOfTicket = query(
  'test.key_of_ticket',
  z.object({ key: z.bigint() }),
  `select key from trading.deals where ticket = :ticket::bigint and version = 0`,
);

const dollars = (units: bigint): string => formatAmount({ units, currency: USD });

/** A tenant whose feed goes on telling of its deals. */
export async function openDesk(words: BrokerageWords = {}) {
  const acme: TestTenant = await openTestTenant();
  const house: Brokerage = await openBrokerage(acme, words);
  const round = async () => {
    const done = await acme.inTenant((tx) => carryOutAmendments(tx, house.memory.books, { after: 0n }));
    const late = await acme.inTenant((tx) => correctLateEntries(tx, house.memory.books));
    return { corrected: done.corrected, replaced: done.replaced, late };
  };
  return {
    ...house,
    close: acme.close,
    inTenant: acme.inTenant,
    round,
    /** An update of a deal, or its deletion. */
    update: (deal: RawDeal, words_: RawDeal, seq?: number) =>
      house.tell([{ type: 'deal.update', deal: { ...deal, ...words_ }, ...(seq === undefined ? {} : { seq }) }]),
    remove: (deal: RawDeal) =>
      house.tell([{ type: 'deal.delete', deal: { Deal: deal['Deal'] ?? '', Login: deal['Login'] ?? '' } }]),
    /** The open and the close of a position. */
    position: (deal: Parameters<Brokerage['deal']>[0] = {}): readonly [RawDeal, RawDeal] => {
      const [opened, closed] = house.deal(deal);
      if (opened === undefined || closed === undefined) throw new Error('a position has two deals');
      return [opened, closed];
    },
    idOf: async (deal: RawDeal): Promise<DealId> => {
      const [row] = await acme.inTenant((tx) =>
        keyOfTicket(tx, { ticket: JSON.stringify(deal['Deal']).replaceAll('"', '') }),
      );
      return dealIdOf(row?.key ?? 0n);
    },
    parts: async () =>
      Object.fromEntries(
        (await acme.inTenant((tx) => sums(tx, {}))).map(({ name, units }) => [name ?? 'house', dollars(units)]),
      ),
    bookings: async () =>
      (await acme.inTenant((tx) => bookingRows(tx, {}))).map(
        ({ revision, earningUnits, reason }) => `${revision}: ${reason ?? dollars(earningUnits)}`,
      ),
    waiting: async () => acme.inTenant((tx) => waiting(tx, {})),
    /** All rules hold, every revision is computed again to the same, and the books say what the rebates say. */
    holds: async () => {
      await acme.inTenant(async (tx) => {
        expect((await verifyBookings(tx)).findings).toEqual([]);
        expect((await recompute(tx)).findings).toEqual([]);
        expect(await verifyLedger(tx)).toEqual([]);
        expect(await verifyFeed(tx)).toEqual([]);
        const totals = await beneficiaryTotals(tx);
        const owed = totals.reduce((sum, { kind, units }) => (kind === 'house' ? sum : sum + units), 0n);
        const expense = (await trialBalance(tx)).find(({ purpose }) => purpose === 'commission_expense');
        expect(expense?.net ?? 0n).toBe(owed);
        for (const { earningUnits, rebateUnits, unbalanced } of await earningTotals(tx))
          expect([unbalanced, earningUnits]).toEqual([0, rebateUnits]);
      });
    },
  };
}
export type Desk = Awaited<ReturnType<typeof openDesk>>;
