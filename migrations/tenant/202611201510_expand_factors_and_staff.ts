import type { Knex } from 'knex';

/** Second factors, invitations, desks, roles of the tenant's own, and API keys. */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    -- An authenticator app, one per person at most. A new secret waits beside the one in use until a code proves it.
    create table identity.totp_factors (
      user_id uuid primary key references identity.users (id),
      secret bytea, -- Sealed. Null until the first code.
      pending_secret bytea, -- Sealed likewise.
      pending_until timestamptz,
      last_step bigint not null default -1, -- The last time step that was accepted; no earlier one counts any more.
      confirmed_at timestamptz,
      check ((pending_secret is null) = (pending_until is null)),
      check ((secret is null) = (confirmed_at is null))
    );
    grant select, insert, delete, update (secret, pending_secret, pending_until, last_step, confirmed_at)
      on identity.totp_factors to cascade_app;

    create table identity.recovery_codes (
      user_id uuid not null references identity.users (id),
      hash bytea not null check (octet_length(hash) = 32),
      used_at timestamptz,
      primary key (user_id, hash)
    );
    grant select, insert, delete, update (used_at) on identity.recovery_codes to cascade_app;

    create table identity.passkeys (
      id uuid primary key,
      user_id uuid not null references identity.users (id),
      credential_id bytea not null unique check (octet_length(credential_id) between 1 and 1023),
      public_key bytea not null,
      counter bigint not null check (counter >= 0),
      rp_id text not null, -- The host for which it was made; it works for no other.
      transports text[] not null,
      name text not null check (name <> ''),
      created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      used_at timestamptz
    );
    create index passkeys_of_user on identity.passkeys (user_id, created_at);
    grant select, insert, delete, update (counter, used_at, name) on identity.passkeys to cascade_app;

    -- What a passkey is asked to sign. Taken out when it is answered, so that it counts once.
    create table identity.passkey_challenges (
      hash bytea primary key check (octet_length(hash) = 32),
      purpose text not null check (purpose in ('register', 'sign_in', 'step_up')),
      user_id uuid references identity.users (id),
      expires_at timestamptz not null,
      check ((purpose = 'sign_in') = (user_id is null))
    );
    create index passkey_challenges_ends on identity.passkey_challenges (expires_at);
    grant select, insert, delete, update (expires_at) on identity.passkey_challenges to cascade_app;

    -- Somebody is asked to work here, or to sign in as an IB. There is no user before the token comes back.
    create table identity.invitations (
      id uuid primary key,
      email text not null,
      email_key text not null, -- Normalised, as that of users.
      name text not null check (name <> ''),
      roles text[] not null,
      desk_ids uuid[] not null,
      ib_id uuid,
      token_hash bytea not null unique check (octet_length(token_hash) = 32),
      invited_by text not null,
      created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      expires_at timestamptz not null,
      accepted_at timestamptz,
      withdrawn_at timestamptz
    );
    create unique index invitations_pending on identity.invitations (email_key) where accepted_at is null and withdrawn_at is null;
    grant select, insert, update (token_hash, expires_at, accepted_at, withdrawn_at) on identity.invitations to cascade_app;

    create table identity.desks (
      id uuid primary key,
      name text not null unique check (name <> ''),
      created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp())
    );
    grant select, insert, update (name) on identity.desks to cascade_app;

    create table identity.desk_members (
      desk_id uuid not null references identity.desks (id),
      user_id uuid not null references identity.users (id),
      primary key (user_id, desk_id)
    );
    create index desk_members_of_desk on identity.desk_members (desk_id);
    grant select, insert, delete on identity.desk_members to cascade_app;

    -- Roles that the tenant made for its staff, with their rows of the table of rights.
    create table identity.roles (
      name text primary key check (name ~ '^[a-z][a-z0-9_]{1,39}$'),
      description text not null,
      rows jsonb not null,
      created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      changed_at timestamptz not null default date_trunc('milliseconds', clock_timestamp())
    );
    grant select, insert, delete, update (description, rows, changed_at) on identity.roles to cascade_app;

    create table identity.api_keys (
      id uuid primary key,
      name text not null check (name <> ''),
      hash bytea not null check (octet_length(hash) = 32),
      hint text not null, -- The first characters of its secret part, by which people know it again.
      scopes text[] not null,
      addresses cidr[] not null, -- Whence it may be used; anywhere if there is none.
      created_by text not null,
      created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      expires_at timestamptz,
      revoked_at timestamptz,
      used_at timestamptz,
      used_from inet
    );
    grant select, insert, update (revoked_at, used_at, used_from) on identity.api_keys to cascade_app;
  `);
