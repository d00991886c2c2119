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
    purpose text collate "C" primary key,
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
    purpose text collate "C" not null,
    owner integer not null check (owner >= 0),
    currency text collate "C" not null check (length(currency) between 3 and 4),
    normal_side text not null,
    may_overdraw boolean not null,
    of_house boolean not null check (of_house = (owner = 0)),
    posted_debits bigint not null default 0,
    posted_credits bigint not null default 0,
    pending_debits bigint not null default 0,
    pending_credits bigint not null default 0,
    constraint accounts_not_negative check (least(posted_debits, posted_credits, pending_debits, pending_credits) >= 0),
    version bigint not null default 0,
    created_at timestamptz not null default now(),
    unique (purpose, owner, currency),
    foreign key (purpose, normal_side, may_overdraw, of_house)
      references ledger.purposes (purpose, normal_side, may_overdraw, of_house),
    constraint accounts_not_overdrawn check (may_overdraw or 0 <=
      case normal_side when 'credit' then posted_credits - posted_debits - pending_debits
                       else posted_debits - posted_credits - pending_credits end)
  ) with (fillfactor = 50); -- Room beside each row, so that a new balance stays in its page and touches no index.

  -- No foreign keys: ledger.post is the only writer, has accounts and holds before it, and neither ever go; a
  -- key to the holds alone would cost an eighth of the insert.
  create table ledger.transfers (
    key bigint generated always as identity primary key, -- Rises in the order of commits.
    kind text not null check (kind in ('posted', 'pending', 'post_pending', 'void_pending')),
    debit_account integer not null,
    credit_account integer not null,
    constraint transfers_two_accounts check (credit_account <> debit_account),
    units bigint not null check (units > 0),
    currency text collate "C" not null,
    pending_key bigint, -- The hold that this transfer ends.
    posted_at timestamptz not null,
    effective_at timestamptz not null,
    reference text collate "C" not null check (length(reference) between 1 and 200),
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
  create unique index transfers_pending_once on ledger.transfers (pending_key) where pending_key is not null;

  -- sum() of bigints is numeric and slower; this one stays a bigint and refuses to pass 64 bits.
  create aggregate ledger.total(bigint) (sfunc = pg_catalog.int8pl, stype = bigint, initcond = '0');

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

/** Gives the keys of accounts in the order asked for; those that are missing are made, in one fixed order. */
const ensureAccounts = `
  create function ledger.ensure_accounts(purpose_names text[], owner_keys integer[], currency_codes text[]) returns integer[]
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
  declare
    keys integer[];
  begin
    for attempt in 1..2 loop
      select array_agg(a.key order by r.place) into keys
        from unnest(purpose_names, owner_keys, currency_codes) with ordinality as r (purpose, owner, currency, place)
        left join ledger.accounts a on a.purpose = r.purpose and a.owner = r.owner and a.currency = r.currency;
      exit when attempt = 2 or array_position(keys, null) is null;
      insert into ledger.accounts (purpose, owner, currency, normal_side, may_overdraw, of_house)
      select distinct r.purpose, r.owner, r.currency, p.normal_side, p.may_overdraw, p.of_house
        from unnest(purpose_names, owner_keys, currency_codes, keys) as r (purpose, owner, currency, key)
        join ledger.purposes p on p.purpose = r.purpose
       where r.key is null
       order by r.purpose, r.owner, r.currency
          on conflict (purpose, owner, currency) do nothing;
    end loop;
    return keys;
  end $$;
`;

/**
 * Writes transfers and balances as sets. One caller at a time: it takes the lock of late writes, which is held to the
 * commit, so that keys, posted_at and versions rise in the order of commits and accounts need no locks of their own.
 * SQLSTATEs: LG001 units, LG002 account unknown, LG003 currency, LG004 overdrawn, LG005 hold unknown, LG006 hold
 * resolved already, LG007 more than held; the detail is the place in the arrays.
 */
const post = `
  create function ledger.post(
    kinds text[], debit_keys integer[], credit_keys integer[], unit_counts bigint[], currency_codes text[], effective_times timestamptz[],
    references_given text[], legs_given integer[], hold_references text[], hold_legs integer[])
  returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
  declare
    hold_keys bigint[];
    moves bigint[] := unit_counts; -- What is added to debits and credits,
    holds bigint[]; -- and to pending debits and credits: nothing, unless a transfer is a hold or ends one.
    moment timestamptz;
    wrong record;
    steps record;
  begin
    perform pg_advisory_xact_lock(7205001);

    if 'posted' <> any (kinds) then
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
      with rows as (
        select r.place, r.kind, h.key, h.units as held, coalesce(h.debit_account, r.debit) as debit,
               coalesce(h.credit_account, r.credit) as credit, coalesce(h.currency, r.currency) as currency,
               case r.kind when 'void_pending' then h.units else coalesce(r.units, h.units) end as units
          from unnest(kinds, debit_keys, credit_keys, unit_counts, currency_codes, hold_references, hold_legs)
                 with ordinality as r (kind, debit, credit, units, currency, reference, leg, place)
          left join ledger.transfers h on h.reference = r.reference and h.leg = r.leg and r.kind in ('post_pending', 'void_pending')
      )
      select array_agg(key order by place), array_agg(debit order by place), array_agg(credit order by place),
             array_agg(currency order by place), array_agg(units order by place),
             array_agg(case when kind in ('posted', 'post_pending') then units else 0 end order by place),
             array_agg(case kind when 'posted' then 0 when 'pending' then units else -held end order by place)
        into hold_keys, debit_keys, credit_keys, currency_codes, unit_counts, moves, holds
        from rows;
    end if;

    if 0 >= any (unit_counts) then
      raise exception 'units below 1' using errcode = 'LG001',
        detail = (select min(u.place) from unnest(unit_counts) with ordinality as u (units, place) where u.units <= 0);
    end if;

    -- Every step of every account, as if the transfers came one by one in the order given.
    with legs as (
      select place, true as is_debit, account, move, coalesce(hold, 0) as hold, currency
        from unnest(debit_keys, moves, holds, currency_codes) with ordinality as d (account, move, hold, currency, place)
       union all
      select place, false, account, move, coalesce(hold, 0), currency
        from unnest(credit_keys, moves, holds, currency_codes) with ordinality as c (account, move, hold, currency, place)
    ), chained as (
      select l.place, l.is_debit, a.version + row_number() over account as version,
             case a.normal_side when 'credit' then a.posted_credits - a.posted_debits else a.posted_debits - a.posted_credits end
               + ledger.total(case when l.is_debit = (a.normal_side = 'debit') then l.move else -l.move end) over account as balance,
             case when a.key is null then 'LG002'
                  when l.currency is distinct from a.currency then 'LG003'
                  when not a.may_overdraw
                   and case a.normal_side when 'credit' then a.posted_credits - a.posted_debits - a.pending_debits
                                          else a.posted_debits - a.posted_credits - a.pending_credits end
                       + ledger.total(case when l.is_debit = (a.normal_side = 'debit') then l.move else -l.move - l.hold end) over account < 0
                  then 'LG004' end as fault
        from legs l
        left join ledger.accounts a on a.key = l.account
      window account as (partition by l.account order by l.place rows unbounded preceding)
    )
    select array_agg(version order by place) filter (where is_debit) as debit_versions,
           array_agg(balance order by place) filter (where is_debit) as debit_balances,
           array_agg(version order by place) filter (where not is_debit) as credit_versions,
           array_agg(balance order by place) filter (where not is_debit) as credit_balances,
           (array_agg(fault order by place, is_debit desc) filter (where fault is not null))[1] as state,
           min(place) filter (where fault is not null) as place
      into steps
      from chained;
    if steps.state is not null then
      raise exception 'accounts % and %', debit_keys[steps.place], credit_keys[steps.place] using errcode = steps.state, detail = steps.place;
    end if;

    -- Never before the last one, whatever the clock does.
    moment := greatest(date_trunc('milliseconds', clock_timestamp()),
                       (select t.posted_at from ledger.transfers t order by t.key desc limit 1));
    insert into ledger.transfers
      (kind, debit_account, credit_account, units, currency, pending_key, posted_at, effective_at, reference, leg,
       debit_version, debit_balance_after, credit_version, credit_balance_after)
    select t.kind, t.debit, t.credit, t.units, t.currency, t.hold, moment, coalesce(t.effective_at, moment), t.reference, t.leg,
           t.debit_version, t.debit_balance, t.credit_version, t.credit_balance
      from unnest(kinds, debit_keys, credit_keys, unit_counts, currency_codes, hold_keys, effective_times, references_given, legs_given,
                  steps.debit_versions, steps.debit_balances, steps.credit_versions, steps.credit_balances)
             as t (kind, debit, credit, units, currency, hold, effective_at, reference, leg,
                   debit_version, debit_balance, credit_version, credit_balance);

    update ledger.accounts a
       set posted_debits = a.posted_debits + sums.debits, posted_credits = a.posted_credits + sums.credits,
           pending_debits = a.pending_debits + sums.held_debits, pending_credits = a.pending_credits + sums.held_credits,
           version = a.version + sums.steps
      from (select account, count(*) as steps, ledger.total(debit) as debits, ledger.total(credit) as credits,
                   ledger.total(held_debit) as held_debits, ledger.total(held_credit) as held_credits
              from (select account, move as debit, 0::bigint as credit, coalesce(hold, 0) as held_debit, 0::bigint as held_credit
                      from unnest(debit_keys, moves, holds) as d (account, move, hold)
                     union all
                    select account, 0, move, 0, coalesce(hold, 0) from unnest(credit_keys, moves, holds) as c (account, move, hold)) leg
             group by account) sums
     where a.key = sums.account;
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
