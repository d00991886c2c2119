import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Currency } from '../../src/kernel/currency.ts';
import { accrualsOf, entriesWithStates } from '../../src/payouts/accruals/service.ts';
import { agreeByHand, postRun } from '../../src/payouts/runs/by-hand.ts';
import { draftRun } from '../../src/payouts/runs/service.ts';
import { insertSchedule } from '../../src/payouts/schedules/service.ts';
import { freeOf, unpaidStatements } from '../../src/payouts/statements/store.ts';
import { verifyStatements } from '../../src/payouts/verify/service.ts';
import { breach, keepRows } from '../support/breach.ts';
import { openTestTenancy, testOrigin } from '../support/tenancy.ts';
import { issueUpTo, termsOf } from './statement-desk.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { openStory } from './statement-story.ts';

const USD = Currency.parse('USD');
let tenancy: Tenancy;
beforeAll(async () => {
  tenancy = await openTestTenancy();
});
afterAll(() => tenancy.close());

describe('A breach of statements is found', () => {
  const planted: readonly (readonly [string, string, readonly string[]])[] = [
    [
      'words were changed',
      `update payouts.statements set document = replace(document, '"payable":"4.00"', '"payable":"5.00"') where number = 1`,
      ['payouts.statement_hash', 'payouts.statement_signed', 'payouts.statement_words'],
    ],
    [
      'words were changed and hashed anew',
      `update payouts.statements set document = replace(document, '"payable":"4.00"', '"payable":"5.00"') where number = 1;
       update payouts.statements set hash = encode(sha256(convert_to(document, 'UTF8')), 'hex') where number = 1`,
      ['payouts.statements_chained', 'payouts.statement_signed', 'payouts.statement_words'],
    ],
    [
      'figures were changed',
      `update payouts.statements set earning_units = earning_units + 1, carried_units = carried_units + 1 where number = 2`,
      ['payouts.stated_once', 'payouts.statement_recomputes', 'payouts.statement_words'],
    ],
    [
      'one is gone',
      `delete from payouts.statement_notices; update payouts.statements set previous_key = null, starts_at = null where number = 2;
       delete from payouts.statements where number = 1`,
      ['payouts.statements_without_gaps', 'payouts.stated_once'],
    ],
    [
      'a line is gone',
      `delete from commissions.rebates where kind = 1 and deal_key = (select min(deal_key) from commissions.rebates)`,
      ['payouts.equals_ledger', 'payouts.stated_once', 'payouts.statement_recomputes'],
    ],
    [
      'something is said to be netted that is not in the ledger',
      `update payouts.statements set netted_units = 5 where number = 2`,
      ['payouts.netted_in_ledger', 'payouts.statement_words'],
    ],
  ];
  let story: Awaited<ReturnType<typeof openStory>>;
  let restore: () => Promise<void>;
  beforeAll(async () => {
    story = await openStory(tenancy);
    await story.trade('2026-03-10T10:00:00Z');
    await issueUpTo(story.inTenant, '2026-03-11T00:00:00Z');
    await story.trade('2026-03-11T10:00:00Z');
    await issueUpTo(story.inTenant, '2026-03-12T00:00:00Z');
    restore = await keepRows(story);
  });

  it.each(planted)('where %s', async (_what, sql, rules) => {
    expect((await story.inTenant(verifyStatements)).findings).toEqual([]);
    await breach(story, sql);
    const { findings } = await story.inTenant(verifyStatements);
    expect([...new Set(findings.map(({ rule }) => rule))].sort()).toEqual([...rules].sort());
    await restore();
  });
});

describe('Accruals', () => {
  it('are what the house owes: pending, available and in statement together, by what became of each entry', async () => {
    const { inTenant, trade, kim } = await openStory(tenancy);
    const sums = async () => (await inTenant((tx) => accrualsOf(tx, { kind: 'ib', key: kim.key })))[0];
    await trade('2026-03-10T10:00:00Z');
    expect(await sums()).toMatchObject({ available: 4_000_000n, in_statement: 0n });
    await issueUpTo(inTenant, '2026-03-11T00:00:00Z');
    await trade(new Date(Date.now() - 60_000).toISOString());
    expect(await sums()).toMatchObject({ in_statement: 4_000_000n, paid: 0n });
    const now = await sums();
    expect((now?.pending ?? 0n) + (now?.available ?? 0n)).toBe(4_000_000n); // A minute ago may be yesterday.
    const [free] = await inTenant((tx) => freeOf(tx, [{ kind: 'ib', key: kim.key }], USD));
    expect((now?.pending ?? 0n) + (now?.available ?? 0n) + (now?.in_statement ?? 0n)).toBe(free);
  });

  it('become paid with the statement that tells of them, held while their beneficiary is on hold, and carried ones with the one that pays', async () => {
    const terms = { minimums: [{ amount: '5.00', currency: USD }] };
    const { inTenant, trade, kim, tenancy: here, tenant } = await openStory(tenancy, terms);
    const party = { kind: 'ib', key: kim.key } as const;
    const states = async () =>
      (await inTenant((tx) => entriesWithStates(tx, party, { limit: 10 }))).rows.map(({ state }) => state);
    const pay = async (): Promise<void> => {
      const runId = await inTenant((tx) => draftRun(tx, { currencies: [USD] }, { draftedBy: 'one' }));
      await inTenant((tx) => agreeByHand(tx, { runId, agreedBy: 'other' }));
      await postRun(here.withTenant, { tenantId: tenant.id, runId, origin: testOrigin });
    };
    await trade('2026-03-10T10:00:00Z');
    await issueUpTo(inTenant, '2026-03-11T00:00:00Z', terms); // 4.00 is carried.
    await trade('2026-03-11T10:00:00Z');
    await issueUpTo(inTenant, '2026-03-12T00:00:00Z', terms);
    expect(await states()).toEqual(['in_statement', 'in_statement']);
    const hold = (onHold: boolean, at: string) =>
      inTenant((tx) =>
        insertSchedule(tx, {
          beneficiary: kim.id,
          terms: termsOf({ ...terms, onHold }),
          effectiveAt: new Date(at),
          reason: 'Asked',
        }),
      );
    await hold(true, '2026-03-13T00:00:00Z');
    expect(await states()).toEqual(['held', 'held']);
    expect(await inTenant((tx) => unpaidStatements(tx, { limit: 10 }))).toHaveLength(1); // Maria's alone.
    await hold(false, '2026-03-13T01:00:00Z');
    await pay();
    expect(await states()).toEqual(['paid', 'paid']);
    const [sums] = await inTenant((tx) => accrualsOf(tx, party));
    expect(sums).toMatchObject({ paid: 8_000_000n, in_statement: 0n, held: 0n });
    expect((await inTenant(verifyStatements)).findings).toEqual([]);
  });
});
