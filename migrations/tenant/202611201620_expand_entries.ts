import type { Knex } from 'knex';

/**
 * Earnings beyond the first booking of a trade: batches say what they are, awards are earnings that belong to no single trade
 * (CPA, shares of net revenue and net loss, outcomes of disputes, clawbacks), and `commissions.entries` is all that
 * beneficiaries ever earned, trades and awards alike, a signed row each. What was paid out and taken back is a receivable.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    alter table commissions.batches
      add column kind text not null default 'trades' check (kind in ('trades', 'correction', 'true_up', 'award'));

    create table commissions.awards (
      key bigint generated always as identity primary key,
      batch_key bigint not null,
      kind text not null check (kind in ('cpa', 'net_revenue', 'net_loss', 'dispute', 'clawback')),
      plan_version_key integer, -- Null where no plan speaks: outcomes of disputes.
      component smallint not null default 0,
      client_key integer, -- Null where it is not about one client.
      ib_key integer, -- The direct IB, at depth 0 of what is shared.
      currency text not null,
      earned_at timestamptz not null, -- The end of the period, or the instant of what it was earned by.
      units bigint not null, -- Below 0 where it takes back.
      inputs text not null, -- JSON: all that it was computed from.
      once text unique -- What can be earned once only is named here, such as the CPA step of a client.
    );
    create index awards_of_client on commissions.awards (client_key, key);
    create index awards_of_batch on commissions.awards using brin (batch_key);
    grant select, insert on commissions.awards to cascade_app;

    create table commissions.award_rebates (
      award_key bigint not null,
      kind smallint not null, -- 1 IB, 2 client, 3 house.
      beneficiary integer not null,
      depth smallint not null,
      units bigint not null,
      primary key (award_key, kind, beneficiary)
    );
    create index award_rebates_of_beneficiary on commissions.award_rebates (beneficiary, award_key);
    grant select, insert on commissions.award_rebates to cascade_app;

    create trigger append_only before update or delete or truncate on commissions.awards
      for each statement execute function platform.refuse_change();
    create trigger append_only before update or delete or truncate on commissions.award_rebates
      for each statement execute function platform.refuse_change();

    -- A revision's rebates are what it changes, so that the sum over all of them is what is owed.
    create view commissions.entries as
      select 'trade' as source, r.deal_key as source_key, r.revision, r.component, r.kind, r.beneficiary, r.depth, r.units,
             b.batch_key, b.closed_at as earned_at, b.plan_version_key, v.definition ->> 'currency' as currency
        from commissions.rebates r
        join commissions.bookings b on b.deal_key = r.deal_key and b.revision = r.revision
        join commissions.plan_versions v on v.key = b.plan_version_key
      union all
      select 'award', a.key, 0::smallint, a.component, w.kind, w.beneficiary, w.depth, w.units,
             a.batch_key, a.earned_at, a.plan_version_key, a.currency
        from commissions.award_rebates w
        join commissions.awards a on a.key = w.award_key;
    grant select on commissions.entries to cascade_app;

    insert into ledger.purposes (purpose, class, normal_side, may_overdraw, of_house) values
      ('ib_receivable', 'asset', 'debit', false, false),
      ('trader_rebate_receivable', 'asset', 'debit', false, false),
      ('currency_exchange', 'asset', 'debit', true, true);
  `);
