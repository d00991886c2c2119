import type { Knex } from 'knex';

/** Plans and agreements; bookings with their rebates, which are the sub-ledger behind the payable accounts. */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    create schema commissions;
    grant usage on schema commissions to cascade_app;

    -- Counts every change of plans, assignments and agreements: a worker's cache is good while this stands still.
    create table commissions.configuration (
      only_row boolean primary key default true check (only_row),
      version bigint not null
    );
    insert into commissions.configuration (version) values (1);
    grant select, update (version) on commissions.configuration to cascade_app;

    create table commissions.plans (
      key integer generated always as identity primary key,
      id uuid not null unique,
      name text not null unique,
      created_at timestamptz not null default now()
    );
    grant select, insert on commissions.plans to cascade_app;

    create table commissions.plan_versions (
      key integer generated always as identity primary key,
      plan_key integer not null references commissions.plans (key),
      number integer not null check (number > 0),
      definition jsonb not null,
      created_at timestamptz not null default now(),
      valid_from timestamptz,
      published_at timestamptz,
      configuration_version bigint, -- As of which count of changes it is published.
      unique (plan_key, number),
      check ((valid_from is null) = (published_at is null)),
      check ((valid_from is null) = (configuration_version is null))
    );
    grant select, insert, update (valid_from, published_at, configuration_version) on commissions.plan_versions to cascade_app;

    create function commissions.refuse_change_of_published() returns trigger language plpgsql as $$
    begin
      raise exception 'a published plan version never changes' using errcode = 'restrict_violation';
    end $$;
    create trigger published_never_changes before update or delete on commissions.plan_versions
      for each row when (old.published_at is not null) execute function commissions.refuse_change_of_published();

    -- Which plan holds for the clients below an IB; ib_key 0 is the whole tenant.
    create table commissions.assignments (
      ib_key integer not null,
      plan_key integer not null references commissions.plans (key),
      valid_from timestamptz not null,
      valid_to timestamptz not null default 'infinity' check (valid_to > valid_from),
      recorded_at timestamptz not null default now(),
      configuration_version bigint not null,
      primary key (ib_key, valid_from)
    );
    grant select, insert, update (valid_to) on commissions.assignments to cascade_app;

    -- An IB's own rates under a plan.
    create table commissions.agreements (
      key integer generated always as identity primary key,
      ib_key integer not null,
      plan_key integer not null references commissions.plans (key),
      terms jsonb not null,
      valid_from timestamptz not null,
      valid_to timestamptz not null default 'infinity' check (valid_to > valid_from),
      recorded_at timestamptz not null default now(),
      configuration_version bigint not null,
      unique (ib_key, plan_key, valid_from)
    );
    grant select, insert, update (valid_to) on commissions.agreements to cascade_app;

    create table commissions.batches (
      key bigint generated always as identity primary key,
      trades integer not null,
      known_at timestamptz not null, -- As of which knowledge of the tree.
      configuration_version bigint not null, -- As of which plans, assignments and agreements.
      booked_at timestamptz not null default now()
    );
    grant select, insert on commissions.batches to cascade_app;

    -- One revision of what a deal earned, with the keys of the inputs: enough to compute every step again.
    create table commissions.bookings (
      deal_key bigint not null,
      revision smallint not null,
      batch_key bigint not null,
      plan_version_key integer, -- Null where no plan was in force.
      ib_key integer, -- The client's own IB; null where it had none.
      symbol_key integer not null,
      group_key integer not null,
      closed_at timestamptz not null,
      opened_at timestamptz,
      earning_units bigint not null check (earning_units >= 0),
      primary key (deal_key, revision)
    );
    create index bookings_of_batch on commissions.bookings using brin (batch_key);
    grant select, insert on commissions.bookings to cascade_app;

    create table commissions.rebates (
      deal_key bigint not null,
      revision smallint not null,
      component smallint not null,
      kind smallint not null, -- 1 IB, 2 client, 3 house.
      beneficiary integer not null, -- Key of the IB or client; 0 for the house.
      depth smallint not null,
      units bigint not null,
      primary key (deal_key, revision, component, kind, beneficiary)
    );
    create index rebates_of_beneficiary on commissions.rebates (beneficiary, deal_key);
    grant select, insert on commissions.rebates to cascade_app;

    -- Why a component of a booking paid nothing; component -1 speaks for the whole trade.
    create table commissions.unpaid (
      deal_key bigint not null,
      revision smallint not null,
      component smallint not null,
      reason text not null,
      primary key (deal_key, revision, component)
    );
    create index unpaid_by_reason on commissions.unpaid (reason, deal_key);
    grant select, insert on commissions.unpaid to cascade_app;

    -- A tenant's places in the queue: what finds none waits in this database, so that a spike delays nobody else.
    create table commissions.queue_slots (
      slot smallint primary key,
      uses bigint not null default 0, -- Tells the jobs of a place apart.
      taken_at timestamptz,
      job_id text unique
    );
    insert into commissions.queue_slots (slot) select generate_series(1, 4);
    grant select, update (uses, taken_at, job_id) on commissions.queue_slots to cascade_app;

    create trigger append_only before update or delete or truncate on commissions.batches
      for each statement execute function platform.refuse_change();
    create trigger append_only before update or delete or truncate on commissions.bookings
      for each statement execute function platform.refuse_change();
    create trigger append_only before update or delete or truncate on commissions.rebates
      for each statement execute function platform.refuse_change();
    create trigger append_only before update or delete or truncate on commissions.unpaid
      for each statement execute function platform.refuse_change();
  `);
