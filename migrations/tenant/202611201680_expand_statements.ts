import type { Knex } from 'knex';

/**
 * Statements: when whom they are made for (schedules), at which lines through the bookings (cycles), what each says, and
 * the keys that sign them. Which entries a statement covers is computed from cuts and ends; no row says it.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    create schema payouts;
    grant usage on schema payouts to cascade_app;

    -- When a beneficiary gets statements, from an instant on; the latest that has begun holds.
    create table payouts.schedules (
      key integer generated always as identity primary key,
      kind smallint not null check (kind in (0, 1, 2)), -- 0 the tenant's default, 1 IB, 2 client.
      party integer not null check ((party = 0) = (kind = 0)), -- Key of the IB or client.
      signature text, -- Which cycles it takes part in; null: those of the default.
      terms jsonb,
      valid_from timestamptz not null,
      reason text not null,
      recorded_at timestamptz not null default clock_timestamp(),
      check ((terms is null) = (signature is null)),
      check (kind <> 0 or terms is not null),
      unique (kind, party, valid_from)
    );
    grant select, insert on payouts.schedules to cascade_app;

    -- A period that has ended for all of one signature, the cut that closes it, and how far its statements are made.
    create table payouts.cycles (
      key integer generated always as identity primary key,
      signature text not null,
      ends_at timestamptz not null,
      cut_batch bigint not null,
      cut_at timestamptz not null,
      read_from bigint not null, -- No batch before it has anything that was not in an earlier cycle.
      open_from bigint not null, -- As far as was read: no batch before it has anything that is not in this cycle or an earlier one.
      read_to bigint not null, -- Up to here it is known who has entries.
      after_kind smallint not null default 0,
      after_party integer not null default 0, -- Up to here statements are made.
      done_at timestamptz,
      unique (signature, ends_at)
    );
    create index cycles_open on payouts.cycles (key) where done_at is null;
    grant select, insert, update (open_from, read_to, after_kind, after_party, done_at) on payouts.cycles to cascade_app;

    -- Who may have entries in a cycle, and between which keys they lie; of use until the cycle is done.
    create table payouts.cycle_parties (
      cycle_key integer not null references payouts.cycles (key),
      kind smallint not null,
      party integer not null,
      entries bigint not null,
      first_deal bigint,
      last_deal bigint,
      first_award bigint,
      last_award bigint,
      primary key (cycle_key, kind, party)
    );
    grant select, insert, delete, update (entries, first_deal, last_deal, first_award, last_award)
      on payouts.cycle_parties to cascade_app;

    create table payouts.statements (
      key bigint generated always as identity primary key,
      id uuid not null unique,
      kind smallint not null check (kind in (1, 2)),
      party integer not null,
      number integer not null check (number > 0), -- 1, 2, 3 … of a beneficiary.
      currency text not null,
      cycle_key integer not null references payouts.cycles (key),
      previous_key bigint references payouts.statements (key), -- The one before in this currency.
      starts_at timestamptz, -- Where the one before ended; null for the first in its currency.
      ends_at timestamptz not null,
      cut_batch bigint not null,
      issued_at timestamptz not null,
      opening_units bigint not null, -- Carried over from the one before; below 0 where more was taken back than earned.
      earning_units bigint not null,
      adjustment_units bigint not null, -- Of what was earned before starts_at and booked after its cut.
      payable_units bigint not null check (payable_units >= 0), -- Whole minor units.
      carried_units bigint not null,
      carries boolean not null, -- Whether what is carried is worth a statement of its own: a minor unit or more, either way.
      netted_units bigint not null check (netted_units >= 0), -- Of what was taken back: it had been paid, and is a receivable no longer.
      lines integer not null check (lines >= 0),
      first_deal bigint,
      last_deal bigint,
      first_award bigint,
      last_award bigint,
      document text not null, -- Canonical JSON: what is hashed and signed.
      hash text not null,
      previous_hash text, -- That of the beneficiary's statement before, in whatever currency.
      kid text not null,
      signature text not null,
      check (opening_units + earning_units + adjustment_units = payable_units + carried_units),
      check ((number = 1) = (previous_hash is null)),
      check ((previous_key is null) = (starts_at is null)),
      unique (kind, party, number),
      unique (kind, party, currency, ends_at)
    );
    create unique index statements_follow_once on payouts.statements (previous_key) where previous_key is not null;
    create index statements_of_cycle on payouts.statements (cycle_key);
    create index statements_by_issue on payouts.statements (issued_at, key);
    create index statements_payable on payouts.statements (kind, party, key) where payable_units > 0;
    create index statements_carrying on payouts.statements (kind, party, key) where carries;
    grant select, insert on payouts.statements to cascade_app;

    -- Who is still to be told by mail that there is a statement.
    create table payouts.statement_notices (
      statement_key bigint primary key references payouts.statements (key),
      sent_at timestamptz
    );
    create index statement_notices_waiting on payouts.statement_notices (statement_key) where sent_at is null;
    grant select, insert, update (sent_at) on payouts.statement_notices to cascade_app;

    -- Keys never go: what they signed is verified for ever.
    create table payouts.signing_keys (
      kid text primary key,
      public_key text not null,
      private_key bytea not null,
      created_at timestamptz not null default clock_timestamp()
    );
    grant select, insert on payouts.signing_keys to cascade_app;

    create trigger append_only before update or delete or truncate on payouts.schedules
      for each statement execute function platform.refuse_change();
    create trigger append_only before update or delete or truncate on payouts.statements
      for each statement execute function platform.refuse_change();
    create trigger append_only before update or delete or truncate on payouts.signing_keys
      for each statement execute function platform.refuse_change();

    -- What payout runs and disputes say of statements and entries; a later migration puts their tables behind these.
    create view payouts.paid_statements as
      select null::bigint as statement_key, null::timestamptz as paid_at, null::bigint as units where false;
    create view payouts.disputed_entries as
      select null::text as source, null::bigint as source_key, null::smallint as revision, null::smallint as component,
             null::smallint as kind, null::integer as beneficiary where false;
    grant select on payouts.paid_statements, payouts.disputed_entries to cascade_app;
  `);
