import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHash } from 'node:crypto';
import { holdSettlement } from '../../src/commissions/index.ts';
import { award } from '../../src/commissions/awards/service.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { accrualsOf, entriesWithStates } from '../../src/payouts/accruals/service.ts';
import { agreeByHand, postRun } from '../../src/payouts/runs/by-hand.ts';
import { draftRun } from '../../src/payouts/runs/service.ts';
import { insertSchedule } from '../../src/payouts/schedules/service.ts';
import { statementFaults, keysByKid, recomputes } from '../../src/payouts/statements/verification.ts';
import { freeOf, unpaidStatements } from '../../src/payouts/statements/store.ts';
import { rotateStatementKey } from '../../src/payouts/statements/keys.ts';
import { verifyStatements } from '../../src/payouts/verify/service.ts';
import { workOn } from '../../src/payouts/statements/jobs.ts';
import { breach, keepRows } from '../support/breach.ts';
import { type Brokerage, openBrokerage } from '../support/brokerage.ts';
import { openTestTenancy, openTestTenant, testOrigin, type TestTenant } from '../support/tenancy.ts';
import { allStatements, issueUpTo, setDefault, statementSealer, sumsOf, termsOf } from './statement-desk.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';

const USD = Currency.parse('USD');
let tenancy: Tenancy;
beforeAll(async () => {
  tenancy = await openTestTenancy();
});
afterAll(() => tenancy.close());

/** A fresh tenant with Maria above Kim, one client of Kim's; a lot earns Kim 4.00 and Maria 4.00. */
async function openStory(words: Parameters<typeof setDefault>[1] = {}) {
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

describe('A statement', () => {
  it('tells of what closed in its period, and not of what closed at its very end', async () => {
    const { inTenant, trade, ofKim } = await openStory();
    await trade('2026-03-10T23:59:59.999Z');
    await trade('2026-03-11T00:00:00.000Z', '2');
    expect(await issueUpTo(inTenant, '2026-03-11T00:00:00Z')).toBe(2);
    expect((await ofKim()).map(sumsOf)).toEqual([
      { opening: '0.00', earned: '4.00', adjusted: '0.00', payable: '4.00', carried: '0.00' },
    ]);
    await issueUpTo(inTenant, '2026-03-12T00:00:00Z');
    expect((await ofKim()).map(sumsOf)[1]).toMatchObject({ earned: '8.00', adjusted: '0.00' });
  });

  it('tells of a late trade in the next period, as an adjustment', async () => {
    const { inTenant, trade, ofKim } = await openStory();
    await trade('2026-03-10T10:00:00Z');
    await issueUpTo(inTenant, '2026-03-11T00:00:00Z');
    await trade('2026-03-10T23:00:00Z', '0.50'); // It closed before the end and came after the cut.
    await trade('2026-03-11T09:00:00Z');
    await issueUpTo(inTenant, '2026-03-12T00:00:00Z');
    const [first, second] = await ofKim();
    expect(second && sumsOf(second)).toEqual({
      opening: '0.00',
      earned: '4.00',
      adjusted: '2.00',
      payable: '6.00',
      carried: '0.00',
    });
    expect(second?.startsAt).toEqual(first?.endsAt);
    expect(second?.previousHash).toBe(first?.hash);
  });

  it('is made once, however often it is asked for and by however many at once', async () => {
    const { inTenant, trade } = await openStory();
    await trade('2026-03-10T10:00:00Z');
    const made = await Promise.all([1, 2, 3].map(() => issueUpTo(inTenant, '2026-03-11T00:00:00Z')));
    expect(made.reduce((sum, count) => sum + count, 0)).toBe(2);
    expect(await issueUpTo(inTenant, '2026-03-11T00:00:00Z')).toBe(0);
    expect((await allStatements(inTenant)).map(({ number }) => number)).toEqual([1, 1]);
  });

  it('leaves nothing out of what is booked while its cut is made', async () => {
    const { inTenant, brokerage, ofKim } = await openStory();
    const closedAt = new Date('2026-03-10T10:00:00Z');
    await brokerage.feed(Array.from({ length: 60 }, () => brokerage.deal({ closedAt })).flat());
    await Promise.all([
      brokerage.book(),
      issueUpTo(inTenant, '2026-03-11T00:00:00Z'),
      brokerage.feed(Array.from({ length: 40 }, () => brokerage.deal({ closedAt })).flat()).then(brokerage.book),
      issueUpTo(inTenant, '2026-03-12T00:00:00Z'),
    ]);
    await brokerage.book();
    await issueUpTo(inTenant, '2026-03-13T00:00:00Z');
    const told = (await ofKim()).reduce((sum, each) => sum + each.earningUnits + each.adjustmentUnits, 0n);
    expect(told).toBe(400_000_000n);
  });

  it('carries over what does not come to the minimum, and the part of a minor unit', async () => {
    const { inTenant, trade, ofKim } = await openStory({ minimums: [{ amount: '10.00', currency: USD }] });
    const terms = { minimums: [{ amount: '10.00', currency: USD }] };
    await trade('2026-03-10T10:00:00Z', '1.2345');
    await issueUpTo(inTenant, '2026-03-11T00:00:00Z', terms);
    await issueUpTo(inTenant, '2026-03-12T00:00:00Z', terms); // Nothing happened, and there is a balance to carry.
    await trade('2026-03-12T10:00:00Z', '2');
    await issueUpTo(inTenant, '2026-03-13T00:00:00Z', terms);
    await issueUpTo(inTenant, '2026-03-14T00:00:00Z', terms); // Nothing happened, and less than a cent is carried.
    expect((await ofKim()).map(sumsOf)).toEqual([
      { opening: '0.00', earned: '4.938', adjusted: '0.00', payable: '0.00', carried: '4.938' },
      { opening: '4.938', earned: '0.00', adjusted: '0.00', payable: '0.00', carried: '4.938' },
      { opening: '4.938', earned: '8.00', adjusted: '0.00', payable: '12.93', carried: '0.008' },
    ]);
  });

  it('goes by the schedule of its beneficiary, from one to another without a gap', async () => {
    const { inTenant, trade, ofKim, kim, maria } = await openStory();
    await trade('2026-03-10T10:00:00Z');
    await issueUpTo(inTenant, '2026-03-11T00:00:00Z');
    await inTenant((tx) =>
      insertSchedule(tx, {
        beneficiary: kim.id,
        terms: termsOf({ cycle: { kind: 'monthly' } }),
        effectiveAt: new Date('2026-03-11T12:00:00Z'),
        reason: 'Asked for it',
      }),
    );
    await trade('2026-03-11T10:00:00Z');
    await trade('2026-03-20T10:00:00Z');
    expect(await issueUpTo(inTenant, '2026-03-21T00:00:00Z')).toBe(2); // Maria's, of both days.
    expect(await issueUpTo(inTenant, '2026-04-01T00:00:00Z', { cycle: { kind: 'monthly' } })).toBe(1);
    const [, second] = await ofKim();
    expect(second && [second.startsAt?.toISOString(), sumsOf(second).earned]).toEqual([
      '2026-03-11T00:00:00.000Z',
      '8.00',
    ]);
    const ofMaria = (await allStatements(inTenant)).filter(({ party }) => party.key === maria.key);
    expect(ofMaria.map((each) => sumsOf(each).earned)).toEqual(['4.00', '4.00', '4.00']);
  });

  it('nets what had been paid and was taken back, and what is not covered waits', async () => {
    const { inTenant, trade, ofKim, takeBack, kim } = await openStory();
    await trade('2026-03-10T10:00:00Z', '2');
    await issueUpTo(inTenant, '2026-03-11T00:00:00Z');
    const free = () => inTenant((tx) => freeOf(tx, [{ kind: 'ib', key: kim.key }], USD));
    expect(await free()).toEqual([8_000_000n]);
    await takeBack(10_000_000n, 'first', '2026-03-11T10:00:00Z');
    expect(await free()).toEqual([-2_000_000n]);
    await issueUpTo(inTenant, '2026-03-12T00:00:00Z');
    await trade('2026-03-12T10:00:00Z', '3');
    await issueUpTo(inTenant, '2026-03-13T00:00:00Z');
    const statements = await ofKim();
    expect(statements.map(sumsOf)).toEqual([
      { opening: '0.00', earned: '8.00', adjusted: '0.00', payable: '8.00', carried: '0.00' },
      { opening: '0.00', earned: '-10.00', adjusted: '0.00', payable: '0.00', carried: '-10.00' },
      { opening: '-10.00', earned: '12.00', adjusted: '0.00', payable: '2.00', carried: '0.00' },
    ]);
    expect(statements.map(({ nettedUnits }) => nettedUnits)).toEqual([0n, 0n, 2_000_000n]);
    expect(await free()).toEqual([10_000_000n]); // The 8.00 of the first statement and the 2.00 of the third.
    expect(await inTenant(verifyStatements)).toEqual({ findings: [], statements: 5 });
    const unpaid = await inTenant((tx) => unpaidStatements(tx, { limit: 10, partyKind: 'ib', currency: USD }));
    expect(unpaid.filter(({ party }) => party.key === kim.key).map(({ payableUnits }) => payableUnits)).toEqual([
      8_000_000n,
      2_000_000n,
    ]);
  });

  it('is signed by a key that goes on verifying after another one took its place', async () => {
    const { inTenant, trade } = await openStory();
    await trade('2026-03-10T10:00:00Z');
    await issueUpTo(inTenant, '2026-03-11T00:00:00Z');
    const { kid } = await inTenant((tx) => rotateStatementKey(tx, statementSealer));
    await trade('2026-03-11T10:00:00Z');
    await issueUpTo(inTenant, '2026-03-12T00:00:00Z');
    const statements = await allStatements(inTenant);
    expect(new Set(statements.map((each) => each.kid)).size).toBe(2);
    expect(statements.at(-1)?.kid).toBe(kid);
    for (const statement of statements) {
      expect(createHash('sha256').update(statement.document).digest('hex')).toBe(statement.hash);
      expect(await inTenant(async (tx) => statementFaults(tx, statement, await keysByKid(tx)))).toEqual([]);
      expect(await inTenant((tx) => recomputes(tx, statement))).toBe(true);
    }
    const [first] = statements;
    if (first === undefined) throw new Error('there is no statement');
    const altered = { ...first, document: first.document.replace('4.00', '5.00') };
    expect(await inTenant(async (tx) => statementFaults(tx, altered, await keysByKid(tx)))).toEqual([
      'hash',
      'signature',
    ]);
  });

  it('stops where its worker is killed, and goes on there', async () => {
    const { inTenant, trade } = await openStory();
    await trade('2026-03-10T10:00:00Z');
    const due = { signature: 'daily+0', endsAt: new Date('2026-03-11T00:00:00Z') };
    const killed = async (pages: number): Promise<void> => {
      for (let page = 0; page < pages; page += 1) await inTenant((tx) => workOn(tx, due, statementSealer));
      await expect(
        inTenant(async (tx) => {
          await workOn(tx, due, statementSealer);
          throw new Error('killed');
        }),
      ).rejects.toThrow('killed');
    };
    await killed(0);
    await killed(1);
    expect(await allStatements(inTenant)).toHaveLength(0);
    expect(await issueUpTo(inTenant, '2026-03-11T00:00:00Z')).toBe(2);
  });
});

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
    story = await openStory();
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
    const { inTenant, trade, kim } = await openStory();
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
    const { inTenant, trade, kim, tenancy: here, tenant } = await openStory(terms);
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
