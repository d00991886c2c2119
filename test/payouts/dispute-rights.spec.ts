import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { approveApproval } from '../../src/identity/approvals/contract.ts';
import { mailboxesOf, peopleOfParties } from '../../src/identity/index.ts';
import { openSession } from '../../src/identity/sessions/service.ts';
import { ibKeys } from '../../src/ib/index.ts';
import { Currency } from '../../src/kernel/currency.ts';
import {
  acceptDispute,
  openDispute,
  readDispute,
  setDisputeLimit,
  writeToDispute,
} from '../../src/payouts/disputes/contract.ts';
import { query } from '../../src/platform/query.ts';
import { makePerson, type Person } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from '../commissions/money-desk.ts';

const USD = Currency.parse('USD');
const waitingNotices = query(
  'test.waiting_notices',
  z.object({ what: z.string() }),
  `
  select n.what from payouts.dispute_notices n join payouts.disputes d on d.key = n.dispute_key
   where d.id = :disputeId and n.sent_at is null order by n.key`,
);
const manyDisputes = query(
  'test.many_disputes',
  z.object({}),
  `
  insert into payouts.disputes (id, ib_key, ib_id, kind, line_units, text, opened_by)
  select gen_random_uuid(), :ibKey, :ibId, 'missing', 0, 'Again', 'test' from generate_series(1, :count::integer)`,
);
const endDisputes = query(
  'test.end_disputes',
  z.object({}),
  `update payouts.disputes set state = 'withdrawn', closed_at = now() where ib_id = :ibId and state = 'open'`,
);

describe('A dispute', () => {
  let desk: MoneyDesk;
  beforeAll(async () => {
    desk = await openMoneyDesk();
  });
  afterAll(() => desk.api.close());

  const open = (token: string) =>
    desk.api.call(openDispute, { token, body: { line: { kind: 'missing' }, text: 'Something is missing' } });
  const opened = async (token: string) => (await open(token)).ok();
  const read = async (token: string, disputeId: string) => desk.api.call(readDispute, { token, params: { disputeId } });
  const accept = (disputeId: string, amount: string, token: string) =>
    desk.api.call(acceptDispute, {
      token,
      params: { disputeId },
      body: { amount: { amount, currency: USD }, reason: 'The agreement says so' },
      headers: { 'idempotency-key': randomUUID() },
    });
  /** The token of somebody who signs in as staff too. */
  const signedInElsewhere = async ({ id: userId }: Person): Promise<string> => {
    const { tokens, sessions, realmOf } = desk.api.deps.identity.signIn;
    const tenantId = desk.api.tenantOf('acme').id;
    const device = { address: '127.0.0.1', userAgent: 'test' };
    const { sessionId } = await realmOf({ tenantId }).run(testOrigin, (tx) =>
      openSession(tx, sessions, { userId, surface: 'admin', isProven: true, device }),
    );
    const subject = { tenantId, userId, sessionId, surface: 'admin', delegation: null } as const;
    return (await tokens.issue(subject)).accessToken;
  };

  it('is granted by nobody alone: neither within a limit of his own making, nor on what he disputes himself', async () => {
    const { api, people } = desk;
    const { id } = await opened(people.lena);
    const limit = (token: string) =>
      api.call(setDisputeLimit, { token, body: { limit: { amount: '5.00', currency: USD } } });
    (await limit(people.finance)).ok();
    expect((await accept(id, '5.00', people.finance)).status).toBe(202);
    expect((await accept(id, '5.00', people.otherFinance)).status).toBe(200);

    const both = await makePerson(api, { roles: ['ib', 'finance'], ibId: desk.ibOf('Zoe'), surface: 'partner' });
    const asStaff = await signedInElsewhere(both);
    const own = await opened(both.token);
    const other = await opened(people.zoe);
    for (const dispute of [own, other]) {
      const refused = await accept(dispute.id, '1.00', asStaff);
      expect([refused.status, refused.code]).toEqual([403, 'payouts.dispute_own']);
    }
    for (const dispute of [own, other]) {
      const asked = await accept(dispute.id, '500', people.finance);
      const { approvalId, hash } = z.object({ approvalId: z.string(), hash: z.string() }).parse(asked.body);
      const agreed = await api.call(approveApproval, { token: asStaff, params: { approvalId }, body: { hash } });
      expect(agreed.body).toMatchObject({ code: 'identity.approval_failed', because: 'payouts.dispute_own' });
      expect((await read(people.finance, dispute.id)).ok().state).toBe('open');
    }
  });

  it('and all else about money is told to who signs in for the IB or client, not to who did so once', async () => {
    const ibId = desk.ibOf('Maria');
    const clientId = desk.clientOf(LOGINS.ofZoe);
    await makePerson(desk.api, { roles: ['support'], ibId, clientId, email: 'once@example.com' });
    await makePerson(desk.api, { roles: ['ib'], ibId, email: 'maria@example.com' });
    await makePerson(desk.api, { roles: ['client'], clientId, email: 'client@example.com' });
    const told = await desk.inTenant(async (tx) => ({
      ofDisputes: (await mailboxesOf(tx, { ibId })).map(({ address }) => address),
      ofStatements: (await peopleOfParties(tx, { ibIds: [ibId], clientIds: [clientId] })).map(({ email }) => email),
    }));
    expect(told.ofDisputes).toEqual(['maria@example.com']);
    expect(told.ofStatements).toContain('client@example.com');
    expect(told.ofStatements).toContain('maria@example.com');
    expect(told.ofStatements).not.toContain('once@example.com');
  });

  it('is granted nothing that the books cannot hold', async () => {
    const { api, people } = desk;
    const amount = '9000000000000';
    (await api.call(setDisputeLimit, { token: people.owner, body: { limit: { amount, currency: USD } } })).ok();
    const grant = async () => accept((await opened(people.lena)).id, amount, people.finance);
    expect((await grant()).status).toBe(200);
    expect((await grant()).code).toBe('ledger.overflow');
  });

  it('is one of 200 at most that an introducing broker has undecided, and one mail tells of several messages', async () => {
    const omar = desk.ibOf('Omar');
    const { id } = await opened(desk.people.omar);
    for (const text of ['One', 'Two', 'Three'])
      (
        await desk.api.call(writeToDispute, { token: desk.people.omar, params: { disputeId: id }, body: { text } })
      ).ok();
    const told = await desk.inTenant((tx) => waitingNotices(tx, { disputeId: id }));
    expect(told.map(({ what }) => what)).toEqual(['opened', 'replied']);
    await desk.inTenant(async (tx) => {
      const ibKey = (await ibKeys(tx, [omar])).get(omar) ?? 0;
      await manyDisputes(tx, { ibKey, ibId: omar, count: 200 });
    });
    expect((await open(desk.people.omar)).code).toBe('payouts.disputes_too_many');
    await desk.inTenant((tx) => endDisputes(tx, { ibId: omar }));
    await opened(desk.people.omar);
  });
});
