import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHash } from 'node:crypto';
import { Currency } from '../../src/kernel/currency.ts';
import { insertSchedule } from '../../src/payouts/schedules/service.ts';
import { statementFaults, keysByKid, recomputes } from '../../src/payouts/statements/verification.ts';
import { freeOf, unpaidStatements } from '../../src/payouts/statements/store.ts';
import { rotateStatementKey } from '../../src/payouts/statements/keys.ts';
import { verifyStatements } from '../../src/payouts/verify/service.ts';
import { workOn } from '../../src/payouts/statements/jobs.ts';
import { openTestTenancy } from '../support/tenancy.ts';
import { allStatements, issueUpTo, statementSealer, sumsOf, termsOf } from './statement-desk.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { openStory } from './statement-story.ts';

const USD = Currency.parse('USD');
let tenancy: Tenancy;
beforeAll(async () => {
  tenancy = await openTestTenancy();
});
afterAll(() => tenancy.close());

describe('A statement', () => {
  it('tells of what closed in its period, and not of what closed at its very end', async () => {
    const { inTenant, trade, ofKim } = await openStory(tenancy);
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
    const { inTenant, trade, ofKim } = await openStory(tenancy);
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
    const { inTenant, trade } = await openStory(tenancy);
    await trade('2026-03-10T10:00:00Z');
    const made = await Promise.all([1, 2, 3].map(() => issueUpTo(inTenant, '2026-03-11T00:00:00Z')));
    expect(made.reduce((sum, count) => sum + count, 0)).toBe(2);
    expect(await issueUpTo(inTenant, '2026-03-11T00:00:00Z')).toBe(0);
    expect((await allStatements(inTenant)).map(({ number }) => number)).toEqual([1, 1]);
  });

  it('leaves nothing out of what is booked while its cut is made', async () => {
    const { inTenant, brokerage, ofKim } = await openStory(tenancy);
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
    const { inTenant, trade, ofKim } = await openStory(tenancy, { minimums: [{ amount: '10.00', currency: USD }] });
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
    const { inTenant, trade, ofKim, kim, maria } = await openStory(tenancy);
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
    const { inTenant, trade, ofKim, takeBack, kim } = await openStory(tenancy);
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
    const { inTenant, trade } = await openStory(tenancy);
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
    const { inTenant, trade } = await openStory(tenancy);
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
