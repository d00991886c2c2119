import type { Knex } from 'knex';

/** Events of the installation itself: what its operators did. The same form as a tenant's, hash-chained likewise. */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    create schema platform;

    create table platform.events (
      seq bigint primary key,
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

    create table platform.event_head (
      only_row boolean primary key default true check (only_row),
      seq bigint not null,
      hash bytea not null
    );
    insert into platform.event_head (seq, hash) values (0, decode(repeat('00', 32), 'hex'));

    create function platform.refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '% is append-only', tg_table_schema || '.' || tg_table_name using errcode = 'restrict_violation';
    end $$;
    create trigger append_only before update or delete or truncate on platform.events
      for each statement execute function platform.refuse_change();
  `);
