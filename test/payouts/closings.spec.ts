import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { approveApproval } from '../../src/identity/approvals/contract.ts';
import { closedUntil, makeClosingFigures, refuseClosed } from '../../src/payouts/index.ts';
import { checkClosing, listClosings, readClosing, requestClosing } from '../../src/payouts/closings/contract.ts';
import { figuresFromEntries } from '../../src/payouts/closings/service.ts';
import { closingOfId } from '../../src/payouts/closings/queries.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from '../commissions/money-desk.ts';

const MARCH = '2026-03-12T00:00:00.000Z';
const APRIL = '2026-04-01T00:00:00.000Z';
const ALL = ['trades_parked', 'changes_unapproved', 'statements_unissued', 'disputes_undecided'] as const;

describe('Closing a period', () => {
  let desk: MoneyDesk;
  beforeAll(async () => {
    desk = await openMoneyDesk();
  });
  afterAll(() => desk.api.close());

  const dealt = (login: bigint, closedAt: string) => desk.brokerage.deal({ login, closedAt: new Date(closedAt) });
  const check = (until: string, token = desk.people.finance) =>
    desk.api.call(checkClosing, { token, query: { until } });
  const ask = (until: string, acknowledge: readonly (typeof ALL)[number][] = ALL, token = desk.people.finance) =>
    desk.api.call(requestClosing, {
      token,
      body: { until, acknowledge: [...acknowledge], reason: 'The month is over' },
    });
  const agree = (asked: Awaited<ReturnType<typeof ask>>, token = desk.people.otherFinance) => {
    const { approvalId, hash } = asked.ok();
    return desk.api.call(approveApproval, { token, params: { approvalId }, body: { hash } });
  };
  const closed = async (until: string) => {
    const { result } = (await agree(await ask(until))).ok();
    return z.object({ closingId: z.string() }).parse(result).closingId;
  };
  const figures = async () => makeClosingFigures(desk.api.withTenant, desk.api.tenantOf('acme').id);
  const shown = async (closingId: string) =>
    (await desk.api.call(readClosing, { token: desk.people.auditor, params: { closingId } })).ok();
  const ofIbs = async (closingId: string) =>
    (await shown(closingId)).figures?.find(({ beneficiaries }) => beneficiaries === 'ib');

  it('names what stands against it: trades that wait block, parked ones are acknowledged by name', async () => {
    const { feed, book } = desk.brokerage;
    await feed([
      ...dealt(LOGINS.ofLena, '2026-03-11T10:00:00Z'),
      ...dealt(1n, '2026-03-11T11:00:00Z'), // Nobody has this login: its two deals are parked.
    ]);
    const before = (await check(MARCH)).ok();
    expect(before.blockers).toMatchObject([{ name: 'trades_due', count: 1 }]);
    expect(before.warnings).toMatchObject([{ name: 'trades_parked', count: 2 }]);
    const blocked = await ask(MARCH);
    expect([blocked.code, (blocked.body as { blockers?: unknown }).blockers]).toEqual([
      'payouts.closing_blocked',
      ['trades_due'],
    ]);
    await book();
    const named = await ask(MARCH, []);
    expect([named.code, (named.body as { warnings?: unknown }).warnings]).toEqual([
      'payouts.closing_unacknowledged',
      ['trades_parked'],
    ]);
    expect((await check('2026-03-11T09:00:00Z')).ok()).toMatchObject({ blockers: [], warnings: [] });
  });

  it.each([
    ['2999-01-01T00:00:00Z', 422, 'payouts.closing_too_early'],
    ['yesterday', 422, 'http.body_invalid'],
    ['', 422, 'http.body_invalid'],
  ])('until "%s" is refused', async (until, status, code) => {
    const answer = await ask(until);
    expect([answer.status, answer.code]).toEqual([status, code]);
  });

  it('is asked by one person and agreed to by another, once', async () => {
    for (const token of [desk.people.auditor, desk.people.support, desk.people.sales, desk.people.omar])
      expect((await ask(MARCH, ALL, token)).status).toBe(403);
    expect(await desk.inTenant(closedUntil)).toBeNull();
    const asked = await ask(MARCH);
    expect((await ask(MARCH)).code).toBe('identity.approval_pending');
    expect((await agree(asked, desk.people.finance)).code).toBe('identity.approval_own');
    expect(await desk.inTenant(closedUntil)).toBeNull();
    const both = await Promise.all([agree(asked), agree(asked, desk.people.owner)]);
    expect(both.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([200, 409]);
    expect((await desk.inTenant(closedUntil))?.toISOString()).toBe(MARCH);
    for (const until of [MARCH, '2026-03-01T00:00:00Z'])
      expect((await ask(until)).code).toBe('payouts.closing_not_ahead');
    expect((await check(MARCH)).code).toBe('payouts.closing_not_ahead');
  });

  it('refuses what would take effect in it, by name and with the instant', async () => {
    const inIt = desk.inTenant((tx) => refuseClosed(tx, new Date('2026-03-11T23:59:59.999Z')));
    await expect(inIt).rejects.toMatchObject({ code: 'payouts.period_closed', members: { closedUntil: MARCH } });
    await desk.inTenant((tx) => refuseClosed(tx, new Date(MARCH)));
  });

  it('gives the same figures for ever: what comes late is of the next period, and said to be late', async () => {
    const { feed, book } = desk.brokerage;
    const [march] = (await desk.api.call(listClosings, { token: desk.people.owner })).ok().data;
    if (march === undefined) throw new Error('nothing is closed');
    await figures();
    // A lot of Lena's client at 8.00: 4.95 for Lena, 1.50 for Omar, 1.00 for Maria; 0.55 goes back to the trader.
    expect(await ofIbs(march.id)).toMatchObject({ entries: 3, earned: { amount: '7.45' }, late: { amount: '0.00' } });

    await feed([...dealt(LOGINS.ofZoe, '2026-03-11T10:30:00Z'), ...dealt(LOGINS.ofLena, '2026-03-20T10:00:00Z')]);
    await book();
    const april = await closed(APRIL);
    await figures();
    await figures(); // Again changes nothing.
    // Zoe's client is late: 2.70 for Zoe and 5.00 for Maria.
    expect(await ofIbs(april)).toMatchObject({ entries: 5, earned: { amount: '15.15' }, late: { amount: '7.70' } });
    expect(await shown(april)).toMatchObject({ from: MARCH, until: APRIL });
    expect(await ofIbs(march.id)).toMatchObject({ entries: 3, earned: { amount: '7.45' } });

    await feed(dealt(LOGINS.ofZoe, '2026-03-11T10:45:00Z'));
    await book();
    await desk.inTenant(async (tx) => {
      for (const id of [march.id, april]) {
        const [closing] = await closingOfId(tx, { id });
        if (closing === undefined) throw new Error('a closing is gone');
        const sums = (await figuresFromEntries(tx, closing)).filter(({ kind }) => kind === 'ib');
        expect(sums.map(({ units }) => units)).toEqual([id === april ? 15_150_000n : 7_450_000n]);
      }
    });
  });

  it('that was asked twice is done once: what was seen is where the period before ended', async () => {
    const [june, may] = [await ask('2026-06-01T00:00:00Z'), await ask('2026-05-01T00:00:00Z')];
    expect((await agree(may)).ok().state).toBe('approved');
    expect((await agree(june)).code).toBe('identity.approval_outdated');
  });

  it('is looked at again when the second person agrees', async () => {
    const { feed, book } = desk.brokerage;
    const asked = await ask('2026-07-01T00:00:00Z');
    await feed(dealt(LOGINS.ofOmar, '2026-06-11T10:00:00Z'));
    const answer = await agree(asked);
    expect([answer.code, (answer.body as { because?: string }).because]).toEqual([
      'identity.approval_failed',
      'payouts.closing_blocked',
    ]);
    await book();
    expect(await closed('2026-07-01T00:00:00Z')).toMatch(/^clo_/);
  });
});
