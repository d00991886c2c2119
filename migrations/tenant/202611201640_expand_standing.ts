import type { Knex } from 'knex';

/**
 * What stands between trades: counters by the UTC day, what each trade saw of them, the months whose trades are brought to the tier
 * that was reached, and equity and credit of accounts as the platform tells them.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    -- Sums by day; a plan's versions share those of components of one name. Who changes or trusts them holds the plan's lock.
    create table commissions.counters (
      plan_key integer not null,
      component text not null,
      measure text not null
        check (measure in ('lots', 'notional', 'deposits', 'deposits_of', 'active', 'long', 'short', 'paid_plan', 'paid_ib', 'paid_client')),
      owner integer not null, -- An IB or a client; 0 is the whole plan.
      subject text not null, -- A symbol or a client of the owner's; '' where there is nothing to tell apart.
      day date not null,
      units numeric not null, -- 10^-12 of what is measured; ledger units of what was paid; trades of an active client.
      primary key (plan_key, component, measure, owner, subject, day)
    ) with (fillfactor = 80);
    create index counters_active on commissions.counters (plan_key, component, owner, day, subject) where measure = 'active' and units > 0;
    grant select, insert, update (units) on commissions.counters to cascade_app;

    -- What a trade saw, where its plan looks at counters: of each revision the whole, so that it is computed to the same bytes again.
    create table commissions.standings (
      deal_key bigint not null,
      revision smallint not null,
      plan_key integer not null,
      ib_key integer not null, -- The direct IB.
      month date not null, -- The first day of the UTC month of the close.
      standing text not null, -- JSON.
      primary key (deal_key, revision)
    );
    create index standings_of_month on commissions.standings (plan_key, month, ib_key, deal_key, revision);
    grant select, insert on commissions.standings to cascade_app;
    create trigger append_only before update or delete or truncate on commissions.standings
      for each statement execute function platform.refuse_change();

    -- Months of tiers that are trued up: what was counted, and what all trades of the month were brought to.
    create table commissions.tier_months (
      plan_key integer not null,
      component text not null,
      owner integer not null, -- The direct IB; 0 is the whole plan.
      month date not null,
      at text not null check (at in ('reached', 'month_end')),
      units numeric not null,
      tier smallint not null,
      trued_units numeric, -- Null until trades were brought to a tier.
      trued_tier smallint not null default 0,
      rounds integer not null default 0, -- How often that was asked for.
      primary key (plan_key, component, owner, month)
    );
    create index tier_months_due on commissions.tier_months (month)
      where tier <> trued_tier or (at = 'month_end' and tier > 0 and units is distinct from trued_units);
    grant select, insert, update (at, units, tier, trued_units, trued_tier, rounds) on commissions.tier_months to cascade_app;

    -- Up to which money operation deposits were counted for a plan; those that came in since a settled one are looked at again.
    create table commissions.deposit_marks (
      plan_key integer primary key,
      deal_key bigint not null, -- All up to here, for good.
      seen_key bigint not null, -- The newest that was counted.
      looked_at timestamptz not null default clock_timestamp()
    );
    grant select, insert, update (deal_key, seen_key, looked_at) on commissions.deposit_marks to cascade_app;

    -- What the platform said an account stood at.
    create table trading.account_states (
      key bigint generated always as identity primary key,
      server_key smallint not null references trading.servers (key),
      login bigint not null,
      at timestamptz not null,
      equity numeric not null,
      credit numeric not null,
      balance numeric,
      received_at timestamptz not null default clock_timestamp(),
      unique (server_key, login, at, equity, credit)
    );
    grant select, insert on trading.account_states to cascade_app;
    create trigger append_only before update or delete or truncate on trading.account_states
      for each statement execute function platform.refuse_change();
  `);
