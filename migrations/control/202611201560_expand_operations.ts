import type { Knex } from 'knex';

/**
 * What operators have done to tenants: long work that outlives a process, suspensions, quotas and usage. What the
 * installation's own application role may do here is granted to the group of all application roles, as in tenants'
 * databases: only the installation's may connect to this one.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    alter table control.tenants
      add column schema_version text, -- Its newest migration, as far as the installation has applied one since.
      add column suspended_at timestamptz,
      add column suspension_reason text check (length(suspension_reason) <= 500),
      add check (status = 'suspended' or (suspended_at is null and suspension_reason is null));

    -- Long work on a tenant. The truth is here; the queue only says that there is work.
    create table control.operations (
      id uuid primary key,
      kind text not null check (kind in ('create', 'migrate', 'export')),
      tenant_id uuid not null references control.tenants (id),
      state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed')),
      requested_by text not null,
      causation text not null,
      reason text check (length(reason) <= 500),
      progress_done integer not null default 0,
      progress_total integer not null default 0,
      result jsonb,
      problem jsonb,
      holder uuid, -- Who runs it: a worker that lost its lease writes nothing any more.
      lease_until timestamptz,
      attempts integer not null default 0,
      nudges integer not null default 0, -- How often it was put on the queue: a lost job comes back under another name.
      nudged_at timestamptz,
      created_at timestamptz not null default clock_timestamp(),
      started_at timestamptz,
      finished_at timestamptz,
      expired_at timestamptz, -- Its files were removed.
      check ((state in ('done', 'failed')) = (finished_at is not null)),
      check ((state = 'running') = (holder is not null and lease_until is not null))
    );
    create unique index operations_under_way on control.operations (tenant_id, kind) where state in ('waiting', 'running');
    create index operations_unfinished on control.operations (created_at) where state in ('waiting', 'running');
    create index operations_created on control.operations (created_at, id);
    create index operations_of_tenant on control.operations (tenant_id, created_at);

    -- What a tenant is still to be told of in its own chain of events.
    create table control.notices (
      id uuid primary key,
      tenant_id uuid not null references control.tenants (id),
      type text not null,
      payload jsonb not null,
      actor text not null,
      causation text not null,
      created_at timestamptz not null default clock_timestamp()
    );
    create index notices_created on control.notices (created_at);

    -- Null: no bound, or for requests the installation's own. No row: what rules.ts says.
    create table control.quotas (
      tenant_id uuid primary key references control.tenants (id),
      requests_per_minute integer check (requests_per_minute between 1 and 10000000),
      users_max integer check (users_max > 0),
      clients_max integer check (clients_max > 0),
      exports_per_day integer not null check (exports_per_day between 0 and 1000),
      trades_per_day_expected bigint check (trades_per_day_expected > 0),
      changed_at timestamptz not null default clock_timestamp()
    );

    -- Requests and trades add up, whoever counted them; the others are the last that was seen that day (UTC).
    create table control.usage (
      tenant_id uuid not null references control.tenants (id),
      day date not null,
      requests bigint not null default 0,
      trades bigint not null default 0,
      users bigint,
      clients bigint,
      database_bytes bigint,
      trades_due bigint,
      sampled_at timestamptz,
      warned_at timestamptz, -- More trades than expected were told of.
      primary key (tenant_id, day)
    );
    create index usage_day on control.usage (day);

    grant usage on schema control, platform to cascade_app;
    grant select on control.clusters, control.installation, control.hosts, public.schema_migrations to cascade_app;
    grant select, insert, update (status, schema_version, suspended_at, suspension_reason) on control.tenants to cascade_app;
    grant insert on control.hosts to cascade_app;
    grant select, insert, update (hinted_at), delete on control.hints to cascade_app;
    grant select, insert, update (seq, hash, seen_at) on control.chain_heads to cascade_app;
    grant select, insert,
      update (state, progress_done, progress_total, result, problem, holder, lease_until, attempts, nudges, nudged_at,
              started_at, finished_at, expired_at)
      on control.operations to cascade_app;
    grant select, insert, delete on control.notices to cascade_app;
    grant select, insert, update (requests_per_minute, users_max, clients_max, exports_per_day, trades_per_day_expected, changed_at)
      on control.quotas to cascade_app;
    grant select, insert, update (requests, trades, users, clients, database_bytes, trades_due, sampled_at, warned_at)
      on control.usage to cascade_app;
    grant select, insert on platform.events to cascade_app;
    grant select, update (seq, hash) on platform.event_head to cascade_app;
  `);
