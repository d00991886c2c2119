import type { Knex } from 'knex';

/** Second factors and invitations of the installation's operators. The same form as a tenant's. */
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

    create table identity.recovery_codes (
      user_id uuid not null references identity.users (id),
      hash bytea not null check (octet_length(hash) = 32),
      used_at timestamptz,
      primary key (user_id, hash)
    );

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

    -- What a passkey is asked to sign. Taken out when it is answered, so that it counts once.
    create table identity.passkey_challenges (
      hash bytea primary key check (octet_length(hash) = 32),
      purpose text not null check (purpose in ('register', 'sign_in', 'step_up')),
      user_id uuid references identity.users (id),
      expires_at timestamptz not null,
      check ((purpose = 'sign_in') = (user_id is null))
    );
    create index passkey_challenges_ends on identity.passkey_challenges (expires_at);

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
  `);
