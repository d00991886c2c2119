import { createPublicKey, verify } from 'node:crypto';
import canonicalize from 'canonicalize';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Currency } from '../../src/kernel/currency.ts';
import { type StatementId, TradeId } from '../../src/kernel/ids.ts';
import * as accruals from '../../src/payouts/accruals/contract.ts';
import * as disputes from '../../src/payouts/disputes/contract.ts';
import * as schedules from '../../src/payouts/schedules/contract.ts';
import * as contract from '../../src/payouts/statements/contract.ts';
import { sendNotices } from '../../src/payouts/statements/notices.ts';
import { statementMails } from '../../src/main/statements.ts';
import type { Mail } from '../../src/platform/mail.ts';
import { LOGINS, type MoneyDesk, openMoneyDesk } from '../commissions/money-desk.ts';
import { issueUpTo, setDefault } from './statement-desk.ts';

const USD = Currency.parse('USD');
const Uploaded = z.strictObject({
  hash: z.string(),
  lines: z.array(z.record(z.string(), z.unknown())),
  signature: z.strictObject({ alg: z.string(), kid: z.string(), value: z.string() }),
  statement: z.record(z.string(), z.unknown()),
});

let desk: MoneyDesk;
let call: MoneyDesk['api']['call'];
let ofOmar: { id: StatementId; hash: string; number: number };
let ofClient: StatementId;

/** One lot for the client of Lena and two for that of Omar on the 10th, one for Omar's on the 11th: by the day. */
beforeAll(async () => {
  desk = await openMoneyDesk();
  ({ call } = desk.api);
  const { inTenant, brokerage } = desk;
  await setDefault(inTenant);
  const trade = (login: bigint, lots: string, closedAt: string) =>
    brokerage.deal({ login, lots, closedAt: new Date(closedAt) });
  await brokerage.feed([
    ...trade(LOGINS.ofLena, '1', '2026-03-10T10:00:00Z'),
    ...trade(LOGINS.ofOmar, '2', '2026-03-10T11:00:00Z'),
    ...trade(LOGINS.ofOmar, '1.2345', '2026-03-11T11:00:00Z'),
  ]);
  await brokerage.book();
  await issueUpTo(inTenant, '2026-03-11T00:00:00Z');
  const { data } = (await call(contract.listStatements, { token: desk.people.owner })).ok();
  const found = data.find(({ beneficiary }) => beneficiary === desk.ibOf('Omar'));
  const rebate = data.find(({ beneficiary }) => beneficiary === desk.clientOf(LOGINS.ofLena));
  if (found === undefined || rebate === undefined) throw new Error('a statement is missing');
  ofOmar = found;
  ofClient = rebate.id;
}, 60_000);
afterAll(() => desk.api.close());

const download = async (format: 'json' | 'csv' | 'pdf', token = desk.people.omar) =>
  call(contract.downloadStatement, { token, params: { statementId: ofOmar.id }, query: { format } });

describe('Statements over the API', () => {
  it('say what an IB earned in the period, level by level, and a client its trader rebate', async () => {
    const statement = (
      await call(contract.readStatement, { token: desk.people.omar, params: { statementId: ofOmar.id } })
    ).ok();
    // Lena 5.50 less a tenth, Omar 7.00 - 5.50 = 1.50 of hers, and of his own client 7.00 a lot less a tenth.
    expect(statement).toMatchObject({
      number: 1,
      state: 'unpaid',
      opening: { amount: '0.00' },
      earnings: { amount: '14.10', currency: 'USD' },
      adjustments: { amount: '0.00' },
      payable: { amount: '14.10' },
      carried: { amount: '0.00' },
      period: { from: null, to: '2026-03-11T00:00:00.000Z' },
      lines: 2,
    });
    const lines = (
      await call(contract.listStatementLines, {
        token: desk.people.omar,
        params: { statementId: ofOmar.id },
        query: { limit: '1' },
      })
    ).ok();
    expect(lines.data[0]).toMatchObject({
      kind: 'trade',
      revision: 0,
      rule: { version: 1, component: 'lots' },
      level: 1,
      amount: { amount: '1.50', currency: 'USD' },
      isAdjustment: false,
    });
    const rest = (
      await call(contract.listStatementLines, {
        token: desk.people.omar,
        params: { statementId: ofOmar.id },
        query: { limit: '1', cursor: lines.nextCursor ?? '' },
      })
    ).ok();
    expect(rest).toMatchObject({ data: [{ level: 0, amount: { amount: '12.60' } }], nextCursor: null });
    const client = (
      await call(contract.readStatement, { token: desk.people.clientOfLena, params: { statementId: ofClient } })
    ).ok();
    expect(client.payable).toEqual({ amount: '0.55', currency: 'USD' });
  });

  it('show an IB its own only: others’ are as absent, whatever it asks', async () => {
    const { zoe, lena, clientOfZoe } = desk.people;
    const params = { statementId: ofOmar.id };
    for (const token of [zoe, lena, clientOfZoe]) {
      for (const operation of [contract.readStatement, contract.verifyStatement] as const)
        expect((await call(operation, { token, params })).code).toBe('payouts.statement_unknown');
      expect((await call(contract.listStatementLines, { token, params })).code).toBe('payouts.statement_unknown');
      expect((await call(contract.downloadStatement, { token, params, query: { format: 'pdf' } })).code).toBe(
        'payouts.statement_unknown',
      );
      const own = (await call(contract.listStatements, { token })).ok().data;
      expect(own.every(({ id }) => id !== ofOmar.id)).toBe(true);
    }
    expect(
      (await call(contract.listStatements, { token: zoe, query: { beneficiary: desk.ibOf('Omar') } })).ok().data,
    ).toEqual([]);
    expect((await call(accruals.readIbAccruals, { token: zoe, params: { ibId: desk.ibOf('Omar') } })).code).toBe(
      'payouts.beneficiary_unknown',
    );
  });

  it('are the same bytes as JSON on each download, canonical, hashed and signed for whoever verifies by himself', async () => {
    const [first, second] = [await download('json'), await download('json', desk.people.finance)];
    expect(second.text).toBe(first.text);
    const document = Uploaded.parse(JSON.parse(first.text));
    expect(canonicalize(document)).toBe(first.text);
    const { keys } = (await call(contract.listStatementKeys)).ok();
    const jwk = keys.find(({ kid }) => kid === document.signature.kid);
    if (jwk === undefined) throw new Error('the key is missing');
    const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const;
    const bytes = Buffer.from(canonicalize(document.statement) ?? '');
    expect(verify('sha256', bytes, key, Buffer.from(document.signature.value, 'base64url'))).toBe(true);
  });

  it('are a CSV without formulas and a PDF that stays the same', async () => {
    const csv = await download('csv');
    expect(csv.headers['content-type']).toContain('text/csv');
    const rows = csv.text.trim().split('\r\n');
    expect(rows[0]).toBe(
      'statement,number,kind,id,revision,earnedAt,plan,version,component,level,adjustment,amount,currency',
    );
    expect(rows[1]).toMatch(/^sta_\w+,1,trade,trd_\w+,0,2026-03-10T10:00:00\.000Z,Per lot,1,lots,1,no,1\.50,USD$/);
    const [pdf, again] = [await download('pdf'), await download('pdf')];
    expect(pdf.headers['content-type']).toBe('application/pdf');
    expect(pdf.text.startsWith('%PDF-')).toBe(true);
    expect(again.text).toBe(pdf.text);
  });

  it('are verified by their name and as they were downloaded: valid, altered, unknown', async () => {
    const token = desk.people.omar;
    const named = (await call(contract.verifyStatement, { token, params: { statementId: ofOmar.id } })).ok();
    expect(named).toEqual({
      verdict: 'valid',
      statementId: ofOmar.id,
      faults: [],
      chain: { number: 1, of: 1, hash: ofOmar.hash, previousHash: null },
      linesChecked: 2,
    });
    const document = Uploaded.parse(JSON.parse((await download('json')).text));
    const verdict = async (body: z.input<typeof contract.verifyUpload.body>, by = token) => {
      const { verdict: said, faults } = (await call(contract.verifyUpload, { token: by, body })).ok();
      return [said, ...faults].join(' ');
    };
    expect(await verdict(document)).toBe('valid');
    expect(await verdict({ statement: document.statement })).toBe('valid');
    expect(await verdict({ ...document, statement: { ...document.statement, payable: '99.00' } })).toBe('altered head');
    expect(await verdict({ ...document, lines: document.lines.slice(1) })).toBe('altered lines');
    expect(await verdict({ ...document, lines: document.lines.map((line) => ({ ...line, amount: '1.51' })) })).toBe(
      'altered lines',
    );
    expect(await verdict({ ...document, hash: '0'.repeat(64) })).toBe('altered hash');
    expect(await verdict({ ...document, signature: { ...document.signature, value: 'AAAA' } })).toBe(
      'altered signature',
    );
    expect(await verdict({ ...document, statement: { ...document.statement, id: `sta_${'0'.repeat(26)}` } })).toBe(
      'unknown',
    );
    expect(await verdict({ statement: {} })).toBe('unknown');
    // A statement of many lines can be verified like a short one.
    expect(await verdict({ ...document, lines: Array.from({ length: 1_001 }, () => ({})) })).toBe('altered lines');
    expect(await verdict(document, desk.people.zoe)).toBe('unknown');
  });

  it('show each entry with its state, and sums by currency', async () => {
    const token = desk.people.omar;
    const params = { ibId: desk.ibOf('Omar') };
    expect((await call(accruals.readIbAccruals, { token, params })).ok().data).toEqual([
      {
        currency: USD,
        pending: { amount: '0.00', currency: USD },
        held: { amount: '0.00', currency: USD },
        available: { amount: '7.77735', currency: USD },
        inStatement: { amount: '14.10', currency: USD },
        paid: { amount: '0.00', currency: USD },
        reversed: { amount: '0.00', currency: USD },
      },
    ]);
    const all = (await call(accruals.listIbEntries, { token, params })).ok().data;
    expect(all.map(({ state, amount, statementId }) => [state, amount.amount, statementId])).toEqual([
      ['available', '7.77735', null],
      ['in_statement', '12.60', ofOmar.id],
      ['in_statement', '1.50', ofOmar.id],
    ]);
    const stated = (
      await call(accruals.listIbEntries, { token, params, query: { state: 'in_statement', limit: '1' } })
    ).ok();
    expect(stated.data).toHaveLength(1);
    const rest = await call(accruals.listIbEntries, {
      token,
      params,
      query: { state: 'in_statement', cursor: stated.nextCursor ?? '' },
    });
    expect(rest.ok().data.map(({ amount }) => amount.amount)).toEqual(['1.50']);
    const client = await call(accruals.readClientAccruals, {
      token: desk.people.clientOfLena,
      params: { clientId: desk.clientOf(LOGINS.ofLena) },
    });
    expect(client.ok().data[0]?.inStatement.amount).toBe('0.55');
  });

  it('show a disputed entry as held, in a statement too, until the dispute is decided', async () => {
    const token = desk.people.omar;
    const params = { ibId: desk.ibOf('Omar') };
    const entry = async () => (await call(accruals.listIbEntries, { token, params })).ok().data[1];
    const sums = async () => (await call(accruals.readIbAccruals, { token, params })).ok().data[0];
    const tradeId = TradeId.parse((await entry())?.id);
    const line = { kind: 'rebate', tradeId, component: 'lots' } as const;
    const { id } = (await call(disputes.openDispute, { token, body: { line, text: 'Too little' } })).ok();
    expect(await entry()).toMatchObject({ state: 'held', statementId: ofOmar.id });
    expect(await sums()).toMatchObject({ held: { amount: '12.60' }, inStatement: { amount: '1.50' } });
    (await call(disputes.withdrawDispute, { token, params: { disputeId: id }, body: { reason: 'It is right' } })).ok();
    expect((await entry())?.state).toBe('in_statement');
    expect(await sums()).toMatchObject({ held: { amount: '0.00' }, inStatement: { amount: '14.10' } });
  });

  it('are told of by mail, each once, to the people whose they are', async () => {
    const sent: Mail[] = [];
    const { api } = desk;
    const tell = statementMails({
      sendMail: async (_tx, mail) => void sent.push(mail),
      siteOf: async () => 'https://acme.example',
    });
    const send = () => sendNotices({ withTenant: api.withTenant, tell }, api.tenantOf('acme').id);
    await Promise.all([send(), send()]);
    await send();
    const links = sent.map(({ data }) => ('link' in data ? data.link : ''));
    expect(links.filter((link) => link === `https://acme.example/partner/statements/${ofOmar.id}`)).toHaveLength(1);
    expect(links.filter((link) => link === `https://acme.example/portal/statements/${ofClient}`)).toHaveLength(1);
    expect(sent.find(({ data }) => 'payable' in data && data.payable === '14.10 USD')).toBeDefined();
  });
});

describe('Schedules over the API', () => {
  const terms = { cycle: { kind: 'monthly' as const, afterDays: 5 }, minimums: [{ amount: '500.00', currency: USD }] };
  const reason = 'As agreed';

  it('are set by who may, dated, and seen by whom they concern', async () => {
    const { finance, zoe, lena, support } = desk.people;
    const body = { beneficiary: desk.ibOf('Zoe'), terms, reason, effectiveAt: '2036-01-01T00:00:00Z' };
    for (const token of [zoe, support]) expect((await call(schedules.setSchedule, { token, body })).status).toBe(403);
    const made = (await call(schedules.setSchedule, { token: finance, body })).ok();
    expect(made).toMatchObject({
      validFrom: '2036-01-01T00:00:00.000Z',
      timeZone: 'UTC',
      terms: { holdDays: 0, onHold: false },
    });
    const listed = async (token: string) => (await call(schedules.listSchedules, { token })).ok().data;
    const seen = async (token: string) => (await listed(token)).map(({ beneficiary }) => beneficiary);
    // Why it was set is a word among staff.
    expect([(await listed(support))[0]?.reason, (await listed(zoe))[0]?.reason]).toEqual([reason, null]);
    expect(await seen(zoe)).toEqual([desk.ibOf('Zoe'), null]);
    expect(await seen(lena)).toEqual([null]);
    expect(await seen(desk.people.clientOfZoe)).toEqual([null]);
    expect((await call(schedules.setSchedule, { token: finance, body })).code).toBe('payouts.schedule_taken');
  });

  it.each([
    ['payouts.schedule_backdated', { effectiveAt: '2026-01-01T00:00:00Z' }],
    ['payouts.schedule_default_needed', { beneficiary: null, terms: null }],
    ['payouts.beneficiary_unknown', { beneficiary: `ibr_${'0'.repeat(26)}` }],
    ['money.too_fine', { terms: { ...terms, minimums: [{ amount: '0.001', currency: USD }] } }],
    ['http.body_invalid', { terms: { ...terms, minimums: [{ amount: '1.00', currency: 'XYZ' }] } }],
    ['http.body_invalid', { terms: { ...terms, minimums: [{ amount: '-3.00', currency: USD }] } }],
    ['http.body_invalid', { terms: { cycle: { kind: 'weekly', days: ['monday', 'monday'] } } }],
    ['http.body_invalid', { terms: { cycle: { kind: 'monthly', afterDays: 61 } } }],
  ])('answer %s to %j', async (code, words) => {
    const body = { beneficiary: desk.ibOf('Zoe'), terms, reason, ...words };
    const asked = { token: desk.people.finance, body: body as z.input<typeof schedules.setSchedule.body> };
    expect((await call(schedules.setSchedule, asked)).code).toBe(code);
  });
});
