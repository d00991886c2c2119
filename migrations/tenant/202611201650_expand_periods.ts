import type { Knex } from 'knex';

/**
 * What is earned by the period: money operations of the feed by account and by arrival, costs of clients that no platform tells,
 * which clients and periods wait to be looked at, and what each came to.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    -- Money operations are few beside executions: src/trading/money/queries.ts asks by the very same expressions.
    create index deals_money_of_login on trading.deals
      (login, server_key, (coalesce(time_utc, to_timestamp(server_time_ms::double precision / 1000))))
      where version = 0 and action >= 2;
    create index deals_money_by_key on trading.deals (key) where action >= 2 or kind = 'delete';

    -- A kind of award is a kind of model: the program knows them.
    alter table commissions.awards drop constraint awards_kind_check;
    alter table commissions.awards add constraint awards_kind_check check (kind ~ '^[a-z_]{1,40}$');

    -- What a client cost the house that the feed does not tell: fees of payment providers, chargebacks.
    create table commissions.client_costs (
      key bigint generated always as identity primary key,
      id uuid not null unique,
      client_key integer not null,
      kind text not null check (kind in ('psp_fee', 'chargeback')),
      currency text not null,
      units bigint not null check (units <> 0), -- Ledger units; below 0 where an earlier one is taken back.
      at timestamptz not null,
      source text not null, -- Who says so, for example a provider or a file.
      reference text not null, -- What the source calls it.
      reason text not null,
      recorded_by text not null,
      recorded_at timestamptz not null default now(),
      unique (source, reference)
    );
    create index client_costs_of_client on commissions.client_costs (client_key, at);
    grant select, insert on commissions.client_costs to cascade_app;
    create trigger append_only before update or delete or truncate on commissions.client_costs
      for each statement execute function platform.refuse_change();

    -- Up to where bookings, money operations and costs were looked at, for periods of which units.
    create table commissions.period_marks (
      only_row boolean primary key default true check (only_row),
      units text[] not null default '{}',
      batch_key bigint not null default 0,
      deal_key bigint not null default 0,
      cost_key bigint not null default 0,
      looked_at timestamptz -- When a run began last.
    );
    insert into commissions.period_marks default values;
    grant select, update on commissions.period_marks to cascade_app;

    -- Money operations on logins that no client has yet.
    create table commissions.period_strangers (deal_key bigint primary key);
    grant select, insert, delete on commissions.period_strangers to cascade_app;

    -- A queue: clients and periods of which something came in since they were looked at. A row that waits says why.
    create table commissions.period_due (
      client_key integer not null,
      unit text not null check (unit in ('day', 'week', 'month', 'ever')),
      period_from timestamptz not null,
      period_to timestamptz not null, -- Of what is once for ever: its beginning.
      code text,
      detail text,
      waits_since timestamptz,
      primary key (client_key, unit, period_from)
    );
    create index period_due_by_end on commissions.period_due (period_to, client_key);
    grant select, insert, update, delete on commissions.period_due to cascade_app;

    -- What a client's period came to by one component of a plan, each time that this changed.
    create table commissions.period_results (
      key bigint generated always as identity primary key,
      client_key integer not null,
      plan_key integer not null,
      component text not null, -- Its name: it goes on through the versions of the plan.
      period_from timestamptz not null,
      period_to timestamptz not null,
      sequence integer not null check (sequence >= 0),
      kind text not null,
      plan_version_key integer not null,
      ib_key integer,
      earning_units bigint not null, -- The whole, as of this result.
      carried_units bigint not null check (carried_units <= 0), -- What the next period begins with.
      reason text, -- Why it earns nothing.
      award_key bigint, -- Null where nothing changed for anybody.
      inputs text not null, -- JSON: what it was computed from.
      configuration_version bigint not null,
      known_at timestamptz not null,
      computed_at timestamptz not null default now(),
      unique (client_key, plan_key, component, period_from, sequence)
    );
    grant select, insert on commissions.period_results to cascade_app;
    create trigger append_only before update or delete or truncate on commissions.period_results
      for each statement execute function platform.refuse_change();
  `);
