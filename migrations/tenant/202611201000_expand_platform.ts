import type { Knex } from 'knex';

/** Whose database it is, and its events: event store, outbox and audit trail at once. */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    create schema platform;
    grant usage on schema platform to cascade_app;

    -- One row that names the owner; each new connection compares it with the tenant it was opened for.
    create table platform.identity (
      only_row boolean primary key default true check (only_row),
      tenant_id uuid not null
    );
    grant select on platform.identity to cascade_app;

    create table platform.events (
      seq bigint primary key, -- 1, 2, 3 … in the order of commits: given under the lock that is held to the commit.
      stream text not null,
      version integer not null,
      type text not null,
      schema_version smallint not null,
      payload jsonb not null,
      actor text not null,
      causation text not null,
      recorded_at timestamptz not null,
      previous_hash bytea not null,
      hash bytea not null,
      unique (stream, version)
    );
    grant select, insert on platform.events to cascade_app;

    create table platform.event_head (
      only_row boolean primary key default true check (only_row),
      seq bigint not null,
      hash bytea not null
    );
    insert into platform.event_head (seq, hash) values (0, decode(repeat('00', 32), 'hex'));
    grant select, update (seq, hash) on platform.event_head to cascade_app;

    -- Where each consumer of events is; what it has handled is in platform.processed. Whoever handles holds the row's lock.
    create table platform.consumers (
      name text primary key,
      position bigint not null default 0,
      attempts integer not null default 0, -- How often the event after the position has failed.
      retry_at timestamptz, -- Not to be tried again before.
      last_error text
    );
    grant select, insert, update (position, attempts, retry_at, last_error) on platform.consumers to cascade_app;

    create table platform.processed (
      consumer text not null,
      seq bigint not null references platform.events (seq),
      outcome text not null check (outcome in ('done', 'parked')),
      detail text,
      processed_at timestamptz not null default now(),
      primary key (consumer, seq)
    );
    grant select, insert, update (outcome, detail, processed_at) on platform.processed to cascade_app;
    create index processed_parked on platform.processed (consumer, seq) where outcome = 'parked';

    create function platform.refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '% is append-only', tg_table_schema || '.' || tg_table_name using errcode = 'restrict_violation';
    end $$;
    create trigger append_only before update or delete or truncate on platform.events
      for each statement execute function platform.refuse_change();
  `);
