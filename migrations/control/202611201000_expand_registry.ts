import type { Knex } from 'knex';

/** The registry of tenants, where their databases are, and what of them must be known outside their databases. */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    create schema control;

    create table control.clusters (
      name text primary key,
      host text not null,
      port integer not null
    );

    create table control.tenants (
      id uuid primary key,
      slug text not null unique,
      name text not null,
      status text not null check (status in ('provisioning', 'active', 'suspended')),
      cluster text not null references control.clusters (name),
      database text not null unique,
      app_role text not null unique,
      owner_role text not null unique,
      created_at timestamptz not null default now()
    );

    create table control.hosts (
      host text primary key check (host = lower(host)),
      tenant_id uuid not null references control.tenants (id)
    );
    create index hosts_of_tenant on control.hosts (tenant_id);

    -- Tenants with work waiting: relay and sweeper visit them at once, all others in turn.
    create table control.hints (
      audience text not null check (audience in ('relay', 'sweeper')), -- Each takes away its own.
      tenant_id uuid not null references control.tenants (id),
      hinted_at timestamptz not null default clock_timestamp(),
      primary key (audience, tenant_id)
    );

    -- The last event of each tenant that the relay has seen: a tail cut off inside the tenant's database shows here.
    create table control.chain_heads (
      tenant_id uuid primary key references control.tenants (id),
      seq bigint not null,
      hash bytea not null,
      seen_at timestamptz not null
    );
  `);
