import type { Knex } from 'knex';

/** What a second person must agree to, whose eyes were borrowed, and who of the platform was let in. */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    -- What somebody asks to be done. It is done in the transaction in which the last voice that is needed is given.
    create table identity.approvals (
      id uuid primary key,
      kind text not null check (kind <> ''),
      subject text not null check (subject <> ''),
      summary text not null check (summary <> ''),
      payload jsonb not null,
      fingerprint text not null, -- Of what the payload speaks of, as it was when it was asked.
      hash text not null check (hash ~ '^[0-9a-f]{64}$'), -- SHA-256 over the RFC 8785 form of kind, subject, payload and fingerprint.
      reason text not null check (reason <> ''),
      requested_by text not null, -- A user or an API key …
      requested_person text not null, -- … and the person behind it, who is no second person.
      requested_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      voices_needed smallint not null check (voices_needed in (1, 2)),
      expires_at timestamptz not null,
      state text not null default 'pending'
        check (state in ('pending', 'approved', 'rejected', 'cancelled', 'expired', 'failed')),
      closed_at timestamptz,
      result jsonb,
      check ((state = 'pending') = (closed_at is null))
    );
    -- The same thing waits once.
    create unique index approvals_pending on identity.approvals (hash) where state = 'pending';
    create index approvals_expiring on identity.approvals (expires_at) where state = 'pending';
    create index approvals_requested on identity.approvals (requested_at, id);
    create index approvals_of_person on identity.approvals (requested_person);
    grant select, insert, update (state, closed_at, result) on identity.approvals to cascade_app;

    create function identity.keep_closed_approval() returns trigger language plpgsql as $$
    begin
      if old.state <> 'pending' then
        raise exception 'approval % is closed', old.id using errcode = 'restrict_violation';
      end if;
      if new.state = 'approved' and old.voices_needed >
           (select count(*) from identity.approval_voices v where v.approval_id = old.id and v.voice = 'approve') then
        raise exception 'approval % lacks voices', old.id using errcode = 'restrict_violation';
      end if;
      return new;
    end $$;
    create trigger keep_closed before update on identity.approvals
      for each row execute function identity.keep_closed_approval();

    create table identity.approval_voices (
      approval_id uuid not null references identity.approvals (id),
      user_id uuid not null,
      voice text not null check (voice in ('approve', 'reject')),
      note text,
      given_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      person text not null, -- Once more, in the form in which the one who asked is kept.
      primary key (approval_id, user_id) -- Nobody speaks twice.
    );
    create function identity.refuse_own_voice() returns trigger language plpgsql as $$
    begin
      if exists (select from identity.approvals a where a.id = new.approval_id
                    and new.person in (a.requested_person, a.requested_by)) then
        raise exception 'nobody decides over what he asked for' using errcode = 'restrict_violation';
      end if;
      return new;
    end $$;
    create trigger refuse_own before insert on identity.approval_voices
      for each row execute function identity.refuse_own_voice();
    grant select, insert on identity.approval_voices to cascade_app;
    create trigger append_only before update or delete or truncate on identity.approval_voices
      for each statement execute function platform.refuse_change();

    create table identity.impersonations (
      id uuid primary key,
      impersonator_id uuid not null references identity.users (id),
      session_id uuid not null, -- The impersonator's own; with it this ends.
      user_id uuid not null references identity.users (id),
      surface text not null check (surface in ('portal', 'partner')),
      reason text not null check (reason <> ''),
      started_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      ends_at timestamptz not null,
      ended_at timestamptz,
      check (ends_at <= started_at + interval '16 minutes')
    );
    create index impersonations_of_user on identity.impersonations (user_id, started_at);
    grant select, insert, update (ended_at) on identity.impersonations to cascade_app;

    -- For how long, as what and why somebody of the platform may look. The tenant sees each, and may end it.
    create table identity.platform_grants (
      id uuid primary key,
      operator_id uuid not null, -- Of the control database's people: no foreign key.
      role text not null check (role in ('auditor', 'support')),
      reason text not null check (reason <> ''),
      granted_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      ends_at timestamptz not null,
      revoked_at timestamptz,
      revoked_by text,
      check (ends_at <= granted_at + interval '61 minutes'),
      check ((revoked_at is null) = (revoked_by is null))
    );
    create index platform_grants_granted on identity.platform_grants (granted_at, id);
    grant select, insert, update (revoked_at, revoked_by) on identity.platform_grants to cascade_app;
  `);
