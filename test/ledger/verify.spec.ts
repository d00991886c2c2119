import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hold, resolve, verifyLedger } from '../../src/ledger/index.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import { type TestTenant, openTestTenant } from '../support/tenancy.ts';
import { EUR, accounts, book, ref, transfer, usd } from './support.ts';

/** Each breach, and the rules that it breaks: a lie in one place contradicts the others. `:wallet` has transfers 1 to 4. */
const breaches: [what: string, sql: string, rules: string[]][] = [
  [
    'a balance that was set',
    `update ledger.accounts set posted_credits = posted_credits + 5 where key = :wallet`,
    ['ledger.balance_equals_transfers', 'ledger.debits_equal_credits'],
  ],
  [
    'a transfer that was deleted',
    `delete from ledger.transfers where key = 2`,
    ['ledger.balance_equals_transfers', 'ledger.versions_without_holes', 'ledger.balance_after_follows'],
  ],
  [
    'an amount that was changed',
    `update ledger.transfers set units = units + 1 where key = 1`,
    ['ledger.balance_equals_transfers', 'ledger.balance_after_follows'],
  ],
  [
    'a balance after that was changed',
    `update ledger.transfers set credit_balance_after = 1 where key = 1`,
    ['ledger.balance_after_follows'],
  ],
  [
    'a version that was changed',
    `update ledger.transfers set credit_version = credit_version + 100 where key = 2`,
    ['ledger.versions_without_holes', 'ledger.balance_after_follows'],
  ],
  [
    'money that left before it came',
    `update ledger.transfers set debit_version = -1 where key = 3`,
    ['ledger.versions_without_holes', 'ledger.balance_after_follows', 'ledger.never_overdrawn'],
  ],
  [
    'a hold that ended twice',
    `
    insert into ledger.transfers (kind, debit_account, credit_account, units, currency, pending_key, posted_at, effective_at, reference, leg,
                                  debit_version, debit_balance_after, credit_version, credit_balance_after)
    select kind, debit_account, credit_account, units, currency, pending_key, posted_at, effective_at, reference, 9,
           debit_version + 1, debit_balance_after, credit_version + 1, credit_balance_after
      from ledger.transfers where kind = 'void_pending'`,
    ['ledger.balance_equals_transfers', 'ledger.holds_end_once'],
  ],
  [
    'a hold that ended with other units',
    `update ledger.transfers set units = units - 1 where kind = 'void_pending'`,
    ['ledger.holds_end_once'],
  ],
  ['currencies that are mixed', `update ledger.transfers set currency = 'EUR' where key = 1`, ['ledger.one_currency']],
  [
    'an order that was changed',
    `update ledger.transfers set posted_at = posted_at + interval '1 hour' where key = 2`,
    ['ledger.posted_in_order'],
  ],
  [
    'an account that is gone',
    `delete from ledger.accounts where key = :wallet`,
    ['ledger.balance_equals_transfers', 'ledger.debits_equal_credits'],
  ],
];

describe('verify finds what contradicts the books', () => {
  let acme: TestTenant;
  let walletKey = 0;
  beforeAll(async () => {
    acme = await openTestTenant();
    const { capital, wallet, clearing } = await accounts(acme, {
      capital: ref('house_capital', 0),
      wallet: ref('client_wallet', 1),
      clearing: ref('psp_clearing', 1),
      euros: ref('client_wallet', 1, EUR),
    });
    walletKey = wallet;
    await book(acme, transfer(capital, wallet, usd('10')));
    await book(acme, transfer(capital, wallet, usd('20')));
    await book(acme, transfer(wallet, capital, usd('7')));
    const promise = transfer(wallet, clearing, usd('2'));
    await acme.inTenant(async (tx) => hold(tx, [promise]));
    await acme.inTenant(async (tx) =>
      resolve(tx, [{ hold: promise, reference: promise.reference, leg: 1, outcome: 'void' }]),
    );
  });
  afterAll(() => acme.close());

  /** Runs statements as nobody but an administrator with every guard removed could, and puts all back afterwards. */
  const tampered = async (sql: string, look: () => Promise<void>): Promise<void> => {
    const admin = (work: (run: (text: string) => Promise<void>) => Promise<void>) =>
      asAdmin(acme.tenancy.provisioning, acme.tenant.database, (pool) =>
        work(async (text) => {
          await pool.raw(text);
        }),
      );
    await admin(async (run) => {
      await run(`set session_replication_role = replica`); // No trigger and no foreign key says no.
      await run(`create table public.kept_transfers as select * from ledger.transfers`);
      await run(`create table public.kept_accounts as select * from ledger.accounts`);
      await run(`drop index ledger.transfers_pending_once`);
      await run(sql.replaceAll(':wallet', String(walletKey)));
    });
    try {
      await look();
    } finally {
      await admin(async (run) => {
        await run(`set session_replication_role = replica`);
        await run(`delete from ledger.transfers`);
        await run(`delete from ledger.accounts`);
        await run(`insert into ledger.accounts overriding system value select * from public.kept_accounts`);
        await run(`insert into ledger.transfers overriding system value select * from public.kept_transfers`);
        await run(`drop table public.kept_transfers, public.kept_accounts`);
        await run(
          `create unique index transfers_pending_once on ledger.transfers (pending_key) where pending_key is not null`,
        );
      });
    }
  };

  it('finds nothing in sound books', async () => {
    expect(await acme.inTenant(verifyLedger)).toEqual([]);
  });

  it.each(breaches)('finds %s', async (_what, sql, rules) => {
    await tampered(sql, async () => {
      const findings = await acme.inTenant(verifyLedger);
      expect([...new Set(findings.map((finding) => finding.rule))]).toEqual(rules);
      for (const finding of findings) {
        expect(finding.subject).toMatch(/^(account|transfer|currency) /);
        expect(finding.detail).toMatch(/.{10}/);
      }
    });
    expect(await acme.inTenant(verifyLedger)).toEqual([]);
  });
});
