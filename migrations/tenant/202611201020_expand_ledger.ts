import type { Knex } from 'knex';

/**
 * The ledger: accounts by a chart of purposes, and transfers that debit one account and credit another. The application
 * role reads; it writes through two functions of the owner only, so that no balance can be set and no transfer
 * written, changed or removed by any other way. What each function promises is in src/ledger/README.md.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(tables);
  await knex.raw(ensureAccounts);
  await knex.raw(post);
  await knex.raw(versionAsOf);
  await knex.raw(grants);
}

const tables = `
  create schema ledger;

  create table ledger.purposes (
    purpose text primary key,
    class text not null check (class in ('asset', 'liability', 'equity', 'income', 'expense')),
    normal_side text not null check (normal_side = case when class in ('asset', 'expense') then 'debit' else 'credit' end),
    may_overdraw boolean not null,
    of_house boolean not null, -- The house has one account per currency, with the owner 0.
    unique (purpose, normal_side, may_overdraw, of_house)
  );
  insert into ledger.purposes (purpose, class, normal_side, may_overdraw, of_house) values
    ('commission_expense', 'expense', 'debit', true, true),
    ('ib_payable', 'liability', 'credit', false, false),
    ('trader_rebate_payable', 'liability', 'credit', false, false),
    ('ib_wallet', 'liability', 'credit', false, false),
    ('client_wallet', 'liability', 'credit', false, false),
    ('psp_clearing', 'asset', 'debit', true, false),
    ('fee_income', 'income', 'credit', true, true),
    ('house_capital', 'equity', 'credit', true, true);

  -- A time-ordered uuid (RFC 9562, version 7) for a new account: made here because few of the accounts asked for are new.
  create function ledger.new_account_id() returns uuid language sql volatile set search_path = pg_catalog, pg_temp as $$
    select encode(set_byte(timed, 6, (get_byte(timed, 6) & 15) | 112), 'hex')::uuid
      from (select overlay(uuid_send(gen_random_uuid()) placing
                substring(int8send(floor(extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6) as timed) v
  $$;

  create table ledger.accounts (
    key integer generated always as identity primary key,
    id uuid not null unique default ledger.new_account_id(),
    purpose text not null,
    owner integer not null check (owner >= 0),
    currency text not null check (currency ~ '^[A-Z]{3,4}$'),
    normal_side text not null,
    may_overdraw boolean not null,
    of_house boolean not null check (of_house = (owner = 0)),
    posted_debits bigint not null default 0 check (posted_debits >= 0),
    posted_credits bigint not null default 0 check (posted_credits >= 0),
    pending_debits bigint not null default 0 check (pending_debits >= 0),
    pending_credits bigint not null default 0 check (pending_credits >= 0),
    version bigint not null default 0,
    created_at timestamptz not null default now(),
    unique (purpose, owner, currency),
    foreign key (purpose, normal_side, may_overdraw, of_house)
      references ledger.purposes (purpose, normal_side, may_overdraw, of_house),
    constraint accounts_not_overdrawn check (may_overdraw or 0 <=
      case normal_side when 'credit' then posted_credits - posted_debits - pending_debits
                       else posted_debits - posted_credits - pending_credits end)
  ) with (fillfactor = 50); -- Room beside each row, so that a new balance stays in its page and touches no index.

  -- No foreign keys to accounts: ledger.post is the only writer, has the accounts before it, and accounts never go.
  create table ledger.transfers (
    key bigint generated always as identity primary key, -- Rises in the order of commits.
    kind text not null check (kind in ('posted', 'pending', 'post_pending', 'void_pending')),
    debit_account integer not null,
    credit_account integer not null check (credit_account <> debit_account),
    units bigint not null check (units > 0),
    currency text not null,
    pending_key bigint constraint transfers_pending_once unique references ledger.transfers (key),
    posted_at timestamptz not null,
    effective_at timestamptz not null,
    reference text not null check (length(reference) between 1 and 200),
    leg integer not null,
    debit_version bigint not null,
    debit_balance_after bigint not null,
    credit_version bigint not null,
    credit_balance_after bigint not null,
    check ((pending_key is not null) = (kind in ('post_pending', 'void_pending'))),
    constraint transfers_reference_once unique (reference, leg),
    unique (debit_account, debit_version),
    unique (credit_account, credit_version)
  );

  create trigger append_only before update or delete or truncate on ledger.transfers
    for each statement execute function platform.refuse_change();
  create trigger never_removed before delete or truncate on ledger.accounts
    for each statement execute function platform.refuse_change();

  -- Each transfer as its two accounts see it.
  create view ledger.entries as
    select debit_account as account, debit_version as version, 'debit' as side, credit_account as counter_account,
           debit_balance_after as balance_after, key as transfer, kind, units, currency, pending_key, posted_at, effective_at, reference, leg
      from ledger.transfers
    union all
    select credit_account, credit_version, 'credit', debit_account,
           credit_balance_after, key, kind, units, currency, pending_key, posted_at, effective_at, reference, leg
      from ledger.transfers;
`;

/** Gives the keys of accounts by their place in the arrays; those that are missing are made, in one fixed order. */
const ensureAccounts = `
  create function ledger.ensure_accounts(purpose_names text[], owner_keys integer[], currency_codes text[])
  returns table (place bigint, key integer)
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
  #variable_conflict use_column
  begin
    insert into ledger.accounts (purpose, owner, currency, normal_side, may_overdraw, of_house)
    select distinct r.purpose, r.owner, r.currency, p.normal_side, p.may_overdraw, p.of_house
      from unnest(purpose_names, owner_keys, currency_codes) as r (purpose, owner, currency)
      join ledger.purposes p on p.purpose = r.purpose
     where not exists (select from ledger.accounts a where a.purpose = r.purpose and a.owner = r.owner and a.currency = r.currency)
     order by r.purpose, r.owner, r.currency
        on conflict (purpose, owner, currency) do nothing;
    return query
      select r.place, a.key
        from unnest(purpose_names, owner_keys, currency_codes) with ordinality as r (purpose, owner, currency, place)
        join ledger.accounts a on a.purpose = r.purpose and a.owner = r.owner and a.currency = r.currency
       order by r.place;
  end $$;
`;

/**
 * Writes transfers and balances as sets. One caller at a time: it takes the lock of late writes, which is held to the
 * commit, so that keys, posted_at and versions rise in the order of commits and accounts need no locks of their own.
 * SQLSTATEs: LG001 units, LG002 account unknown, LG003 currency, LG004 overdrawn, LG005 hold unknown, LG006 hold
 * resolved already, LG007 more than held, LG008 one account on both sides; the detail is the place in the arrays.
 */
const post = `
  create function ledger.post(
    kinds text[], debit_keys integer[], credit_keys integer[], unit_counts bigint[], currency_codes text[], effective_times timestamptz[],
    references_given text[], legs_given integer[], hold_references text[], hold_legs integer[])
  returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
  #variable_conflict use_column
  declare
    hold_keys bigint[];
    held_units bigint[];
    moment timestamptz;
    wrong record;
  begin
    perform pg_advisory_xact_lock(7205001);

    if 'post_pending' = any (kinds) or 'void_pending' = any (kinds) then
      select r.place, r.reference || '#' || r.leg as name,
             case when h.key is null then 'LG005' when done.key is not null then 'LG006' else 'LG007' end as state
        into wrong
        from unnest(kinds, unit_counts, hold_references, hold_legs) with ordinality as r (kind, units, reference, leg, place)
        left join ledger.transfers h on h.reference = r.reference and h.leg = r.leg and h.kind = 'pending'
        left join ledger.transfers done on done.pending_key = h.key
       where r.kind in ('post_pending', 'void_pending') and (h.key is null or done.key is not null or r.units > h.units)
       order by r.place limit 1;
      if found then
        raise exception 'hold %', wrong.name using errcode = wrong.state, detail = wrong.place;
      end if;
      select array_agg(h.key order by r.place), array_agg(h.units order by r.place),
             array_agg(coalesce(h.debit_account, r.debit) order by r.place),
             array_agg(coalesce(h.credit_account, r.credit) order by r.place),
             array_agg(coalesce(h.currency, r.currency) order by r.place),
             array_agg(case r.kind when 'void_pending' then h.units else coalesce(r.units, h.units) end order by r.place)
        into hold_keys, held_units, debit_keys, credit_keys, currency_codes, unit_counts
        from unnest(kinds, debit_keys, credit_keys, unit_counts, currency_codes, hold_references, hold_legs)
               with ordinality as r (kind, debit, credit, units, currency, reference, leg, place)
        left join ledger.transfers h on h.reference = r.reference and h.leg = r.leg and r.kind in ('post_pending', 'void_pending');
    end if;

    -- Never before the last one, whatever the clock does.
    moment := greatest(date_trunc('milliseconds', clock_timestamp()),
                       (select t.posted_at from ledger.transfers t order by t.key desc limit 1));

    with legs as (
      select t.*, side.is_debit, case when side.is_debit then t.debit else t.credit end as account,
             case when t.kind in ('posted', 'post_pending') then t.units else 0 end as moved,
             case t.kind when 'posted' then 0 when 'pending' then t.units else -t.hold_units end as held
        from unnest(kinds, debit_keys, credit_keys, unit_counts, currency_codes, effective_times, references_given, legs_given,
                    hold_keys, held_units)
               with ordinality as t (kind, debit, credit, units, currency, effective_at, reference, leg, hold_key, hold_units, place)
       cross join (values (true), (false)) as side (is_debit)
    ), known as (
      select l.*, a.key, a.version as version_before, a.currency as account_currency, a.may_overdraw,
             l.is_debit = (a.normal_side = 'debit') as rises,
             case a.normal_side when 'credit' then a.posted_credits - a.posted_debits else a.posted_debits - a.posted_credits end as balance_before,
             case a.normal_side when 'credit' then a.pending_debits else a.pending_credits end as held_before
        from legs l
        left join ledger.accounts a on a.key = l.account
    ), chained as (
      select k.*, k.version_before + row_number() over steps as version,
             k.balance_before + sum(case when k.rises then k.moved else -k.moved end) over steps as balance,
             k.balance_before - k.held_before + sum(case when k.rises then k.moved else -k.moved - k.held end) over steps as free
        from known k
      window steps as (partition by k.account order by k.place rows unbounded preceding)
    ), paired as materialized (
      select c.*, lead(c.version) over sides as credit_version, lead(c.balance) over sides as credit_balance
        from chained c
      window sides as (order by c.place, c.is_debit desc)
    ), fault as materialized (
      select f.place, f.account, f.state
        from (select p.place, p.is_debit, p.account,
                     case when p.units is null or p.units <= 0 then 'LG001'
                          when p.debit = p.credit then 'LG008'
                          when p.key is null then 'LG002'
                          when p.currency is distinct from p.account_currency then 'LG003'
                          when p.free < 0 and not p.may_overdraw then 'LG004' end as state
                from paired p) f
       where f.state is not null
       order by f.place, f.is_debit desc
       limit 1
    ), written as (
      insert into ledger.transfers
        (kind, debit_account, credit_account, units, currency, pending_key, posted_at, effective_at, reference, leg,
         debit_version, debit_balance_after, credit_version, credit_balance_after)
      select p.kind, p.debit, p.credit, p.units, p.currency, p.hold_key, moment, coalesce(p.effective_at, moment), p.reference, p.leg,
             p.version, p.balance, p.credit_version, p.credit_balance
        from paired p
       where p.is_debit and not exists (select from fault)
       order by p.place
    ), settled as (
      update ledger.accounts a
         set posted_debits = a.posted_debits + d.debits, posted_credits = a.posted_credits + d.credits,
             pending_debits = a.pending_debits + d.held_debits, pending_credits = a.pending_credits + d.held_credits,
             version = d.version
        from (select p.account, max(p.version) as version,
                     sum(case when p.is_debit then p.moved else 0 end) as debits,
                     sum(case when p.is_debit then 0 else p.moved end) as credits,
                     sum(case when p.is_debit then p.held else 0 end) as held_debits,
                     sum(case when p.is_debit then 0 else p.held end) as held_credits
                from paired p
               group by p.account) d
       where a.key = d.account and not exists (select from fault)
    )
    select f.place, f.account, f.state into wrong from fault f;
    if found then
      raise exception 'account %', wrong.account using errcode = wrong.state, detail = wrong.place;
    end if;
  end $$;
`;

/**
 * The version that an account had at an instant, 0 before its first transfer: versions and posted_at rise together, so
 * it is found by halving, one or two index probes a step and 63 steps at most.
 */
const versionAsOf = `
  create function ledger.version_as_of(account_key integer, instant timestamptz) returns bigint
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
  declare
    low bigint := 0;
    high bigint := coalesce((select a.version from ledger.accounts a where a.key = account_key), 0);
    middle bigint;
  begin
    while low < high loop
      middle := low + (high - low + 1) / 2;
      if (select e.posted_at from ledger.entries e where e.account = account_key and e.version = middle) <= instant
        then low := middle;
        else high := middle - 1;
      end if;
    end loop;
    return low;
  end $$;
`;

const grants = `
  revoke execute on all functions in schema ledger from public;
  grant usage on schema ledger to cascade_app;
  grant select on ledger.purposes, ledger.accounts, ledger.transfers, ledger.entries to cascade_app;
  grant execute on function ledger.ensure_accounts, ledger.post, ledger.version_as_of to cascade_app;
`;
