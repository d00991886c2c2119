import type { Knex } from 'knex';

/** Clients and their trading accounts. Rows refer to each other by small integer keys; the outside sees the ids. */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    create schema clients;
    grant usage on schema clients to cascade_app;

    create table clients.clients (
      key integer generated always as identity primary key,
      id uuid not null unique,
      name text not null check (name <> ''),
      created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp())
    );
    grant select, insert on clients.clients to cascade_app;

    -- A trading account is known to its platform by server and login; the feed asks by them.
    create table clients.accounts (
      key integer generated always as identity primary key,
      id uuid not null unique,
      server text not null check (server <> ''),
      login bigint not null check (login > 0),
      client_key integer not null references clients.clients (key),
      group_name text not null,
      currency text not null,
      opened_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      constraint accounts_server_login unique (server, login)
    );
    create index accounts_of_client on clients.accounts (client_key);
    grant select, insert on clients.accounts to cascade_app;
  `);
