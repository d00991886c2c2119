import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { query } from '../../src/platform/query.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import { type TestTenant, openTestTenant } from '../support/tenancy.ts';
import { accounts, book, ref, transfer, usd } from './support.ts';

const none = z.object({});
/** What somebody with the application's password might try; `42501` is "permission denied". */
const forbidden = {
  'change a transfer': query('test.update_transfer', none, `update ledger.transfers set units = units + 1`),
  'delete a transfer': query('test.delete_transfer', none, `delete from ledger.transfers`),
  'truncate the transfers': query('test.truncate_transfers', none, `truncate ledger.transfers`),
  'write a transfer past the function': query(
    'test.insert_transfer',
    none,
    `
    insert into ledger.transfers (kind, debit_account, credit_account, units, currency, posted_at, effective_at, reference, leg,
      debit_version, debit_balance_after, credit_version, credit_balance_after)
    values ('posted', 1, 2, 1, 'USD', now(), now(), 'forged', 0, 99, 0, 99, 0)`,
  ),
  'set a balance': query('test.update_balance', none, `update ledger.accounts set posted_credits = 1000000`),
  'lock an account for change': query('test.lock_account', none, `select from ledger.accounts for update`),
  'open an account with a balance': query(
    'test.insert_account',
    none,
    `
    insert into ledger.accounts (purpose, owner, currency, normal_side, may_overdraw, of_house, posted_credits)
    values ('client_wallet', 777, 'USD', 'credit', false, false, 1)`,
  ),
  'delete an account': query('test.delete_account', none, `delete from ledger.accounts`),
  'let wallets overdraw': query('test.update_purpose', none, `update ledger.purposes set may_overdraw = true`),
  'replace the function': query(
    'test.replace_function',
    none,
    `
    create or replace function ledger.new_account_id() returns uuid language sql as $$ select gen_random_uuid() $$`,
  ),
  'switch the triggers off': query('test.disable_trigger', none, `alter table ledger.transfers disable trigger all`),
};

const privileges = query(
  'test.privileges',
  z.object({ object: z.string(), granted: z.string() }),
  `
  select c.relname as object, string_agg(p.privilege_type, ',' order by p.privilege_type) as granted
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'ledger' and c.relkind in ('r', 'v', 'S')
   cross join lateral aclexplode(c.relacl) p
    join pg_roles r on r.oid = p.grantee
   where r.rolname in ('cascade_app', current_user)
   group by c.relname order by c.relname`,
);

const functions = query(
  'test.functions',
  z.object({
    name: z.string(),
    owner: z.string(),
    definer: z.boolean(),
    path: z.string().nullable(),
    callable: z.boolean(),
  }),
  `
  select p.proname as name, r.rolname as owner, p.prosecdef as definer, array_to_string(p.proconfig, ';') as path,
         has_function_privilege(current_user, p.oid, 'execute') as callable
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace and n.nspname = 'ledger'
    join pg_roles r on r.oid = p.proowner
   order by p.proname`,
);

describe('The database itself guards the books', () => {
  let acme: TestTenant;
  beforeAll(async () => {
    acme = await openTestTenant();
    const { capital, wallet } = await accounts(acme, {
      capital: ref('house_capital', 0),
      wallet: ref('client_wallet', 1),
    });
    await book(acme, transfer(capital, wallet, usd('5')));
  });
  afterAll(() => acme.close());

  it.each(Object.entries(forbidden))('does not let the application %s', async (_what, attempt) => {
    await expect(acme.inTenant((tx) => attempt(tx, {}))).rejects.toMatchObject({ code: '42501' });
  });

  it('grants the application nothing but to read', async () => {
    expect(await acme.inTenant((tx) => privileges(tx, {}))).toEqual(
      ['accounts', 'entries', 'purposes', 'transfers'].map((object) => ({ object, granted: 'SELECT' })),
    );
  });

  it('has the writing functions run as the owner role, under a fixed search path', async () => {
    const path = 'search_path=pg_catalog, pg_temp';
    const owner = acme.tenant.ownerRole;
    expect(await acme.inTenant((tx) => functions(tx, {}))).toEqual([
      { name: 'ensure_accounts', owner, definer: true, path, callable: true },
      { name: 'new_account_id', owner, definer: false, path, callable: false },
      { name: 'post', owner, definer: true, path, callable: true },
      { name: 'post_fan', owner, definer: true, path, callable: true },
      { name: 'total', owner, definer: false, path: null, callable: false },
      { name: 'version_as_of', owner, definer: false, path, callable: true },
    ]);
  });

  it.each([
    ['change a transfer', `update ledger.transfers set units = 1`],
    ['delete a transfer', `delete from ledger.transfers`],
    ['truncate the transfers', `truncate ledger.transfers cascade`],
    ['delete an account', `delete from ledger.accounts`],
    ['truncate the accounts', `truncate ledger.accounts cascade`],
  ])('does not let even the owner %s', async (_what, attempt) => {
    const owner = asAdmin(acme.tenancy.provisioning, acme.tenant.database, async (pool) => {
      await pool.raw('set role ??', [acme.tenant.ownerRole]);
      await pool.raw(attempt);
    });
    await expect(owner).rejects.toMatchObject({ code: '23001' });
  });

  it('refuses a balance below zero where an account may not overdraw, whoever sets it', async () => {
    const setting = asAdmin(acme.tenancy.provisioning, acme.tenant.database, (pool) =>
      pool.raw(`update ledger.accounts set posted_debits = posted_credits + 1 where purpose = 'client_wallet'`),
    );
    await expect(setting).rejects.toMatchObject({ code: '23514', constraint: 'accounts_not_overdrawn' });
  });
});
