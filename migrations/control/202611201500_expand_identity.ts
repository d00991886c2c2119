import type { Knex } from 'knex';

/** The installation's own people, in the form that tenants have theirs, and the keys that sign everybody's access tokens. */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    create schema identity;

    create table identity.users (
      id uuid primary key,
      email text not null check (email <> ''), -- As it was given: this is where mail goes.
      email_key text not null unique, -- Normalised: two spellings of one address are one person.
      name text not null check (name <> ''),
      phone text,
      status text not null default 'active' check (status in ('active', 'suspended', 'closed')),
      email_verified_at timestamptz, -- Nobody signs in before.
      client_id uuid, -- Who trades, and who brings clients, belong to other features: no foreign keys.
      ib_id uuid,
      created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      updated_at timestamptz not null default date_trunc('milliseconds', clock_timestamp())
    );
    create index users_of_client on identity.users (client_id) where client_id is not null;
    create index users_of_ib on identity.users (ib_id) where ib_id is not null;

    create table identity.user_roles (
      user_id uuid not null references identity.users (id),
      role text not null check (role <> ''),
      given_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      primary key (user_id, role)
    );
    create index users_of_role on identity.user_roles (role);

    create table identity.passwords (
      user_id uuid primary key references identity.users (id),
      hash text not null check (hash like '$argon2id$%'),
      changed_at timestamptz not null default date_trunc('milliseconds', clock_timestamp())
    );

    -- A session is a family of refresh tokens: it ends as a whole.
    create table identity.sessions (
      id uuid primary key,
      user_id uuid not null references identity.users (id),
      surface text not null check (surface in ('admin', 'portal', 'partner', 'ops')),
      created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      last_used_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      expires_at timestamptz not null, -- Absolute: no use moves it.
      idle_ms bigint not null check (idle_ms > 0), -- It ends when it was not used for this long.
      proven_at timestamptz, -- When a second factor was last given.
      ended_at timestamptz,
      ended_because text,
      address text not null,
      user_agent text not null,
      check ((ended_at is null) = (ended_because is null))
    );
    create index sessions_of_user on identity.sessions (user_id, created_at);
    create index sessions_expiring on identity.sessions (expires_at);

    create table identity.refresh_tokens (
      hash bytea primary key, -- SHA-256 of the token; the token itself is with its owner only.
      session_id uuid not null references identity.sessions (id) on delete cascade,
      issued_at timestamptz not null default clock_timestamp(),
      used_at timestamptz,
      successor_hash bytea,
      successor_salt bytea, -- From which, the token and the installation's secret its successor follows: two tabs get the same one.
      forgiven_at timestamptz -- The second of two tabs has come.
    );
    create index refresh_tokens_of_session on identity.refresh_tokens (session_id, issued_at);

    -- What is sent by mail or kept between two steps, and can be used once: verification, reset, invitation, challenge.
    create table identity.one_time_tokens (
      hash bytea primary key,
      purpose text not null check (purpose <> ''),
      user_id uuid references identity.users (id),
      data jsonb not null default '{}',
      created_at timestamptz not null default clock_timestamp(),
      expires_at timestamptz not null,
      used_at timestamptz
    );
    create index one_time_tokens_of_user on identity.one_time_tokens (user_id, purpose);
    create index one_time_tokens_expiring on identity.one_time_tokens (expires_at);

    -- Attempts since the last that was right, by the hash of the address that was typed, whether anybody has it or not.
    create table identity.sign_in_failures (
      account_hash bytea primary key,
      failures integer not null check (failures > 0),
      last_failed_at timestamptz not null,
      blocked_until timestamptz
    );
    create index sign_in_failures_old on identity.sign_in_failures (last_failed_at);

    -- From what a person has signed in, and each sign-in with its outcome.
    create table identity.devices (
      id uuid primary key,
      user_id uuid not null references identity.users (id),
      fingerprint bytea not null, -- SHA-256 of what the device says it is.
      user_agent text not null,
      first_seen_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      last_seen_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      last_address text not null,
      unique (user_id, fingerprint)
    );

    create table identity.sign_ins (
      key bigint generated always as identity primary key,
      user_id uuid not null references identity.users (id),
      at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      outcome text not null,
      surface text,
      address text not null,
      user_agent text not null
    );
    create index sign_ins_of_user on identity.sign_ins (user_id, key);
    create index sign_ins_old on identity.sign_ins (at);

    -- The newest that signs already is used; all whose tokens may still live verify.
    create table identity.signing_keys (
      kid text primary key,
      public_key text not null, -- SPKI, PEM.
      private_key bytea not null, -- PKCS #8, sealed by the installation's secret.
      created_at timestamptz not null default clock_timestamp(),
      signs_from timestamptz not null, -- A while ahead: by then every process knows it.
      verifies_until timestamptz -- Set when the next one is made.
    );
  `);
