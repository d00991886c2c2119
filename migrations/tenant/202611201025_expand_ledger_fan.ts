import type { Knex } from 'knex';

/** A short way to post what a batch of rebates is: one account debited in favour of many. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(postFan);
  await knex.raw(
    'revoke execute on function ledger.post_fan from public; grant execute on function ledger.post_fan to cascade_app',
  );
}

/**
 * `ledger.post` for the common case of a batch: one account is debited in favour of many others, each credited once. Steps need
 * no sorting by account then, so it costs two thirds of what ledger.post does. The legs are 0, 1, 2 … in the order given.
 */
const postFan = `
  create function ledger.post_fan(
    debit_key integer, credit_keys integer[], unit_counts bigint[], currency_code text, effective_times timestamptz[], reference_given text)
  returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
  declare
    asked integer := cardinality(credit_keys);
    written integer;
    total bigint;
    moment timestamptz;
    debit record;
    wrong record;
  begin
    perform pg_advisory_xact_lock(7205001);
    if cardinality(unit_counts) is distinct from asked or 0 >= any (unit_counts) then
      raise exception 'units below 1' using errcode = 'LG001',
        detail = coalesce((select min(u.place) from unnest(unit_counts) with ordinality as u (units, place) where u.units <= 0), 1);
    end if;
    select sum(u.units) into total from unnest(unit_counts) as u (units);

    update ledger.accounts a set posted_debits = a.posted_debits + total, version = a.version + asked
     where a.key = debit_key and a.currency = currency_code
    returning a.version - asked as version,
              case a.normal_side when 'debit' then a.posted_debits - total - a.posted_credits else a.posted_credits - a.posted_debits + total end as balance,
              case a.normal_side when 'debit' then 1 else -1 end as direction
      into debit;

    moment := greatest(date_trunc('milliseconds', clock_timestamp()),
                       (select t.posted_at from ledger.transfers t order by t.key desc limit 1));
    with credited as (
      update ledger.accounts a set posted_credits = a.posted_credits + t.units, version = a.version + 1
        from unnest(credit_keys, unit_counts) as t (key, units)
       where a.key = t.key and a.currency = currency_code
      returning a.key, a.version,
                case a.normal_side when 'credit' then a.posted_credits - a.posted_debits else a.posted_debits - a.posted_credits end as balance
    )
    insert into ledger.transfers
      (kind, debit_account, credit_account, units, currency, pending_key, posted_at, effective_at, reference, leg,
       debit_version, debit_balance_after, credit_version, credit_balance_after)
    select 'posted', debit_key, t.credit, t.units, currency_code, null, moment, coalesce(t.effective_at, moment), reference_given, t.place - 1,
           debit.version + t.place, debit.balance + debit.direction * t.so_far, c.version, c.balance
      from (select u.*, sum(u.units) over (order by u.place rows unbounded preceding) as so_far
              from unnest(credit_keys, unit_counts, effective_times) with ordinality as u (credit, units, effective_at, place)) t
      join credited c on c.key = t.credit;
    get diagnostics written = row_count;
    if debit.version is null or written <> asked then
      select r.place, case when a.key is null then 'LG002' else 'LG003' end as state into wrong
        from (select 1::bigint as place, debit_key as account union all
              select u.place, u.account from unnest(credit_keys) with ordinality as u (account, place)) r
        left join ledger.accounts a on a.key = r.account
       where a.key is null or a.currency <> currency_code
       order by r.place limit 1;
      raise exception 'accounts of %', reference_given using errcode = coalesce(wrong.state, 'LG002'), detail = coalesce(wrong.place, 1);
    end if;
  end $$;
`;
