import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { linkClientOperation, moveIbOperation } from '../../src/ib/contract.ts';
import { makePerson } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from './money-desk.ts';

import { closing, payables, REASON, workers } from './rerun-desk.ts';

describe('A move that corrects the past', () => {
  let desk: MoneyDesk;
  let by: ReturnType<typeof workers>;
  beforeAll(async () => {
    desk = await openMoneyDesk();
    by = workers(desk);
    await desk.brokerage.feed([
      ...desk.brokerage.deal({ login: LOGINS.ofLena }),
      ...desk.brokerage.deal({ login: LOGINS.ofZoe }),
    ]);
    await desk.brokerage.book();
  });
  afterAll(() => desk.api.close());

  const move = (body: object) =>
    desk.api.call(moveIbOperation, {
      token: desk.people.owner,
      params: { ibId: desk.ibOf('Lena') },
      body: { parentId: desk.ibOf('Maria'), reason: REASON, ...body },
    });

  it('is none unless it says so, and none into a closed period', async () => {
    const past = { effectiveAt: '2026-03-01T00:00:00Z' };
    expect((await move(past)).code).toBe('ib.move_backdated');
    expect((await move({ ...past, backdated: true, effectiveAt: '2001-01-01T00:00:00Z' })).code).toBe(
      'ib.not_yet_valid',
    );
    const asked = (await move({ ...past, backdated: true })).ok();
    const admin = desk.people.finance;
    expect((await by.agree(asked, desk.people.owner)).code).toBe('identity.approval_own');
    expect((await by.agree(asked, admin)).code).toBe('identity.forbidden');
  });

  it('lies in the past: one that says so and lies ahead is refused by name', async () => {
    const ahead = { effectiveAt: '2999-01-01T00:00:00Z', backdated: true };
    const moved = await move(ahead);
    expect([moved.status, moved.code]).toEqual([422, 'ib.move_ahead']);
    const linked = await desk.api.call(linkClientOperation, {
      token: desk.people.owner,
      params: { ibId: desk.ibOf('Omar') },
      body: { clientId: desk.clientOf(LOGINS.ofZoe), reason: REASON, ...ahead },
    });
    expect([linked.status, linked.code]).toEqual([422, 'ib.move_ahead']);
  });

  it('rewrites the tree as of then, and names the trades that it touches', async () => {
    const third = (await makePerson(desk.api, { roles: ['admin'] })).token;
    const asked = (await move({ effectiveAt: '2026-03-02T00:00:00Z', backdated: true })).ok();
    const approval = (await by.agree(asked, third)).ok();
    expect(approval).toMatchObject({
      state: 'approved',
      result: { rerun: { ibId: desk.ibOf('Lena'), from: '2026-03-02T00:00:00.000Z' } },
    });
    expect(await payables(desk)).toEqual(['6.00', '1.50', '4.95', '2.70']);
    const { from, to } = z
      .object({ from: z.string(), to: z.string() })
      .parse(z.object({ rerun: z.unknown() }).parse(approval.result).rerun);
    const rerun = await by.prepared({ selection: { from, to, ibId: desk.ibOf('Lena') } });
    expect(rerun.totals).toMatchObject({ changed: 1 });
  });

  it('takes effect in no closed period, neither when it is asked for nor when it is agreed to', async () => {
    const past = { parentId: null, effectiveAt: '2026-03-01T00:00:00Z', backdated: true };
    const waiting = (await move(past)).ok();
    await desk.api.tenancy.withTenant(by.tenantId, testOrigin, (tx) =>
      closing(tx, { id: 'clo_00000000000000000000000001', approvalId: 'apr_00000000000000000000000001' }),
    );
    expect((await move({ ...past, effectiveAt: '2026-03-05T00:00:00Z' })).code).toBe('payouts.period_closed');
    const third = (await makePerson(desk.api, { roles: ['admin'] })).token;
    const refused = await by.agree(waiting, third);
    expect(refused.code).toBe('identity.approval_failed');
    expect(refused.body).toMatchObject({ because: 'payouts.period_closed' });
    const link = await desk.api.call(linkClientOperation, {
      token: desk.people.owner,
      params: { ibId: desk.ibOf('Omar') },
      body: {
        clientId: desk.clientOf(LOGINS.ofZoe),
        effectiveAt: past.effectiveAt,
        backdated: true,
        reason: REASON,
      },
    });
    expect(link.code).toBe('payouts.period_closed');
    expect(await payables(desk)).toEqual(['6.00', '1.50', '4.95', '2.70']);
  });
});
