import type { Knex } from 'knex';

/**
 * Payout runs with their items, the currencies in which IBs want to be paid, closed periods, and disputes on lines. What
 * runs say is paid and disputes say is held stands in the views that statements read.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    -- In which currency an IB is paid; without a row in that of its statements. Events keep what it was before.
    create table payouts.wallet_choices (
      ib_key integer primary key,
      currency text not null,
      chosen_by text not null,
      chosen_at timestamptz not null default date_trunc('milliseconds', clock_timestamp())
    );
    grant select, insert, update (currency, chosen_by, chosen_at), delete on payouts.wallet_choices to cascade_app;

    create table payouts.runs (
      key integer generated always as identity primary key,
      id uuid not null unique,
      state text not null default 'draft' check (state in ('draft', 'submitted', 'posting', 'paid', 'partly', 'cancelled')),
      criteria jsonb not null, -- Which statements were asked for.
      rate_age_hours_max integer not null check (rate_age_hours_max > 0),
      drafted_by text not null,
      drafted_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      submitted_at timestamptz,
      approval_id uuid, -- By which it was agreed to; null where an operator's command line did.
      approved_by text[],
      rated_at timestamptz, -- The instant whose rates it converts by.
      stopped_at timestamptz, -- What is not posted yet stays unpaid.
      ended_at timestamptz,
      reason text,
      check ((state in ('posting', 'paid', 'partly')) = (approved_by is not null and rated_at is not null)),
      check ((state in ('paid', 'partly', 'cancelled')) = (ended_at is not null))
    );
    create index runs_by_age on payouts.runs (drafted_at, id);
    create index runs_posting on payouts.runs (key) where state = 'posting';
    grant select, insert, update (state, submitted_at, approval_id, approved_by, rated_at, stopped_at, ended_at, reason) on payouts.runs
      to cascade_app;

    create table payouts.run_items (
      key bigint generated always as identity primary key,
      id uuid not null unique default gen_random_uuid(),
      run_key integer not null references payouts.runs (key),
      statement_key bigint not null references payouts.statements (key),
      kind smallint not null check (kind in (1, 2)),
      party integer not null,
      currency text not null,
      payable_units bigint not null check (payable_units > 0), -- Whole minor units; paid whole or not at all.
      wallet_currency text not null,
      state text not null default 'included' check (state in ('included', 'held', 'removed', 'paid', 'unpaid')),
      is_open boolean not null default true, -- No other run may have the statement.
      reason text, -- Why somebody held or removed it.
      code text, -- Why it could not be paid.
      detail text,
      wallet_units bigint check (wallet_units > 0), -- What came to the wallet.
      conversion jsonb, -- The rate rows by which it did, where the wallet has another currency.
      settled_at timestamptz,
      unique (run_key, statement_key),
      check ((state = 'paid') = (wallet_units is not null)),
      check (state <> 'paid' or is_open),
      check (state not in ('removed', 'unpaid') or not is_open),
      check ((state in ('paid', 'unpaid')) = (settled_at is not null)),
      check (state <> 'paid' or (conversion is null) = (wallet_currency = currency))
    );
    create unique index run_items_of_statement on payouts.run_items (statement_key) where is_open;
    create index run_items_of_run on payouts.run_items (run_key, key);
    create index run_items_to_post on payouts.run_items (run_key, key) where state = 'included';
    create index run_items_of_party on payouts.run_items (kind, party, key);
    grant select, insert, update (state, is_open, reason, code, detail, wallet_currency, wallet_units, conversion, settled_at)
      on payouts.run_items to cascade_app;

    -- What was paid stays paid.
    create function payouts.refuse_change_of_paid() returns trigger language plpgsql as $$
    begin
      raise exception 'what was paid never changes' using errcode = 'restrict_violation';
    end $$;
    create trigger paid_never_changes before update or delete on payouts.run_items
      for each row when (old.state = 'paid') execute function payouts.refuse_change_of_paid();

    create or replace view payouts.paid_statements as
      select statement_key, settled_at as paid_at, payable_units as units from payouts.run_items where state = 'paid';

    -- Tenant-wide: nothing takes effect before this instant any more.
    create table payouts.closings (
      key integer generated always as identity primary key,
      id uuid not null unique,
      until timestamptz not null unique,
      cut_batch bigint not null,
      cut_at timestamptz not null,
      previous_key integer unique references payouts.closings (key),
      acknowledged text[] not null, -- The warnings that were accepted, by name.
      reason text not null,
      requested_by text not null,
      approved_by text[] not null,
      approval_id uuid not null
    );
    create unique index closings_first on payouts.closings ((previous_key is null)) where previous_key is null;
    grant select, insert on payouts.closings to cascade_app;
    create trigger append_only before update or delete or truncate on payouts.closings
      for each statement execute function platform.refuse_change();

    -- What was earned in a closed period, by currency and kind of beneficiary; the same for ever, and checked against the entries.
    create table payouts.closing_figures (
      closing_key integer not null references payouts.closings (key),
      currency text not null, -- '-' where nothing was earned at all: the figures are made.
      kind text not null check (kind in ('ib', 'client', 'house')),
      entries bigint not null,
      units numeric not null,
      late_units numeric not null, -- Of it what was earned in earlier periods.
      primary key (closing_key, currency, kind)
    );
    grant select, insert on payouts.closing_figures to cascade_app;
    create trigger append_only before update or delete or truncate on payouts.closing_figures
      for each statement execute function platform.refuse_change();

    create table payouts.disputes (
      key bigint generated always as identity primary key,
      id uuid not null unique,
      ib_key integer not null,
      ib_id uuid not null,
      kind text not null check (kind in ('rebate', 'award', 'missing')),
      deal_key bigint,
      component text,
      award_key bigint,
      currency text,
      line_units bigint not null,
      text text not null,
      explanation text, -- The very bytes that the IB saw.
      state text not null default 'open' check (state in ('open', 'answered', 'accepted', 'rejected', 'withdrawn')),
      owner_user_id uuid,
      opened_by text not null,
      opened_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      changed_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      closed_at timestamptz,
      reason text,
      outcome_units bigint check (outcome_units > 0),
      outcome_currency text,
      outcome_award_key bigint unique,
      approval_id uuid,
      check ((kind = 'award') = (award_key is not null)),
      check (kind <> 'rebate' or deal_key is not null),
      check ((state in ('accepted', 'rejected', 'withdrawn')) = (closed_at is not null)),
      check ((outcome_units is null) = (outcome_award_key is null) and (outcome_units is null) = (outcome_currency is null))
    );
    create unique index disputes_of_trade_once on payouts.disputes (ib_key, deal_key, kind, coalesce(component, ''))
      where state in ('open', 'answered') and deal_key is not null;
    create unique index disputes_of_award_once on payouts.disputes (ib_key, award_key)
      where state in ('open', 'answered') and award_key is not null;
    create index disputes_of_ib on payouts.disputes (ib_id, opened_at);
    create index disputes_by_age on payouts.disputes (opened_at, id);
    create index disputes_undecided on payouts.disputes (ib_key) where state in ('open', 'answered');
    grant select, insert, update (state, owner_user_id, changed_at, closed_at, reason, outcome_units, outcome_currency,
      outcome_award_key, approval_id) on payouts.disputes to cascade_app;

    -- The entries behind a disputed line: they count as held while the dispute is undecided.
    create table payouts.dispute_entries (
      dispute_key bigint not null references payouts.disputes (key),
      source text not null check (source in ('trade', 'award')),
      source_key bigint not null,
      revision smallint not null,
      component smallint not null,
      primary key (dispute_key, source, source_key, revision, component)
    );
    grant select, insert on payouts.dispute_entries to cascade_app;
    create trigger append_only before update or delete or truncate on payouts.dispute_entries
      for each statement execute function platform.refuse_change();

    create or replace view payouts.disputed_entries as
      select distinct e.source, e.source_key, e.revision, e.component, 1::smallint as kind, d.ib_key as beneficiary
        from payouts.dispute_entries e
        join payouts.disputes d on d.key = e.dispute_key
       where d.state in ('open', 'answered');

    create table payouts.dispute_messages (
      dispute_key bigint not null references payouts.disputes (key),
      number integer not null check (number > 0),
      side text not null check (side in ('ib', 'staff')),
      author text not null,
      text text not null,
      written_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      primary key (dispute_key, number)
    );
    grant select, insert on payouts.dispute_messages to cascade_app;
    create trigger append_only before update or delete or truncate on payouts.dispute_messages
      for each statement execute function platform.refuse_change();

    -- Mails that are to be written; a round of the worker does it.
    create table payouts.dispute_notices (
      key bigint generated always as identity primary key,
      dispute_key bigint not null references payouts.disputes (key),
      what text not null check (what in ('opened', 'answered', 'replied', 'accepted', 'rejected', 'withdrawn')),
      made_at timestamptz not null default clock_timestamp(),
      sent_at timestamptz
    );
    create index dispute_notices_waiting on payouts.dispute_notices (key) where sent_at is null;
    grant select, insert, update (sent_at) on payouts.dispute_notices to cascade_app;

    -- Up to which amount of a currency a dispute is granted without a second person; without a row 0.
    create table payouts.dispute_limits (
      currency text primary key,
      units bigint not null check (units >= 0),
      set_by text not null,
      set_at timestamptz not null default date_trunc('milliseconds', clock_timestamp())
    );
    grant select, insert, update (units, set_by, set_at) on payouts.dispute_limits to cascade_app;
  `);
