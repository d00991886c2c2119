import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { award } from '../../src/commissions/index.ts';
import { Currency } from '../../src/kernel/currency.ts';
import type { PayoutRunId } from '../../src/kernel/ids.ts';
import { makeClosingFigures, verifyPayouts } from '../../src/payouts/index.ts';
import { agreeByHand } from '../../src/payouts/runs/by-hand.ts';
import { payPart } from '../../src/payouts/runs/posting.ts';
import { draftRun } from '../../src/payouts/runs/service.ts';
import { breach, keepRows } from '../support/breach.ts';
import { openBrokerage } from '../support/brokerage.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';
import { issueUpTo, setDefault } from './statement-desk.ts';

const END = '2026-03-11T00:00:00Z';

/** A breach in words, what plants it, and the rules that it breaks. */
const breaches: readonly [string, string, string[]][] = [
  [
    'a payment is larger than its statement',
    `update payouts.run_items set payable_units = payable_units + 1000000, wallet_units = wallet_units + 1000000 where state = 'paid'`,
    ['payouts.paid_within_stated', 'payouts.item_is_its_statement', 'payouts.paid_is_posted'],
  ],
  [
    'a payment has gone to somebody else',
    `update payouts.run_items set party = party + 1 where state = 'paid'`,
    ['payouts.item_is_its_statement', 'payouts.paid_is_posted'],
  ],
  [
    'a run is said to be paid while something waits',
    `update payouts.run_items set state = 'included', wallet_units = null, settled_at = null where state = 'paid'`,
    ['payouts.run_says_its_items', 'payouts.posted_is_paid'],
  ],
  [
    'a wallet got another amount than was said',
    `update payouts.run_items set wallet_units = wallet_units - 10000 where state = 'paid'`,
    ['payouts.paid_is_posted'],
  ],
  [
    'transfers of a payment have another name',
    `update ledger.transfers set reference = 'payout/nothing' where starts_with(reference, 'payout/')`,
    ['payouts.paid_is_posted', 'payouts.posted_is_paid'],
  ],
  [
    'a figure of a closed period was changed',
    `update payouts.closing_figures set units = units + 1 where kind = 'ib'`,
    ['payouts.closed_stays_closed'],
  ],
  [
    'a dispute was granted more than its award gives',
    `update payouts.disputes set outcome_units = outcome_units + 1`,
    ['payouts.dispute_has_its_award'],
  ],
  [
    'a dispute was granted without an award',
    `update payouts.disputes set outcome_units = null, outcome_currency = null, outcome_award_key = null`,
    ['payouts.dispute_has_its_award'],
  ],
];

describe('The proof of payouts', () => {
  let acme: TestTenant;
  let restore: () => Promise<void>;
  const rules = async () => [...new Set((await acme.inTenant(verifyPayouts)).findings.map(({ rule }) => rule))];
  beforeAll(async () => {
    acme = await openTestTenant();
    const { inTenant } = acme;
    const { feed, deal, book, ibs } = await openBrokerage(acme, { chain: 'Maria 4.00', clients: 1 });
    await setDefault(inTenant);
    await feed(deal({ closedAt: new Date('2026-03-10T10:00:00Z') }));
    await book();
    await issueUpTo(inTenant, END);
    await inTenant(async (tx) => {
      const runId: PayoutRunId = await draftRun(tx, {}, { draftedBy: 'one' });
      await agreeByHand(tx, { runId, agreedBy: 'another' });
      await payPart(tx, runId);
    });
    const ibKey = ibs.get('Maria')?.key ?? 0;
    const earnedAt = new Date('2026-03-10T12:00:00Z');
    const parts = [{ kind: 'ib', beneficiary: ibKey, depth: 0, units: 5_000_000n } as const];
    const ofNobody = {
      planVersionKey: null,
      component: 0,
      clientKey: null,
      inputs: {},
      currency: Currency.parse('USD'),
    };
    const [made] = await inTenant((tx) =>
      award(tx, [{ ...ofNobody, kind: 'dispute', ibKey, earnedAt, units: 5_000_000n, parts }]),
    );
    await breach(
      acme,
      `insert into payouts.disputes (id, ib_key, ib_id, kind, line_units, text, state, opened_by, closed_at, outcome_units, outcome_currency, outcome_award_key)
       select gen_random_uuid(), key, id, 'missing', 0, 'text', 'accepted', 'one', now(), 5000000, 'USD', ${made?.key} from ib.ibs where key = ${ibKey};
       insert into payouts.closings (id, until, cut_batch, cut_at, acknowledged, reason, requested_by, approved_by, approval_id)
       select gen_random_uuid(), '${END}', max(key), now(), '{}', 'test', 'one', '{another}', gen_random_uuid() from commissions.batches`,
    );
    await makeClosingFigures(acme.tenancy.withTenant, acme.tenant.id);
    restore = await keepRows(acme);
  });
  afterEach(() => restore());
  afterAll(() => acme.close());

  it('finds nothing where all is well, and says what it looked at', async () => {
    expect(await acme.inTenant(verifyPayouts)).toEqual({ findings: [], payments: 1, closings: 1 });
  });

  it.each(breaches)('finds that %s', async (_what, sql, expected) => {
    await breach(acme, sql);
    expect(await rules()).toEqual(expected);
  });

  it.each([
    ['a paid item is changed', `update payouts.run_items set payable_units = 1 where state = 'paid'`],
    ['a paid item is removed', `delete from payouts.run_items`],
    ['a closing is changed', `update payouts.closings set until = now()`],
    ['a message of a dispute is removed', `delete from payouts.dispute_messages`],
  ])('is seldom needed: the database refuses that %s', async (_what, sql) => {
    await expect(acme.inTenant((tx) => tx.sql.raw(sql))).rejects.toThrow(
      /never changes|permission denied|append-only|may not/,
    );
  });
});
