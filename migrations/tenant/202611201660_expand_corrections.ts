import type { Knex } from 'knex';

/**
 * Corrections: what updates and deletions of the feed make of a deal, the revisions that follow from it, and re-runs of trades
 * with other terms, seen before they are agreed upon.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    -- Of what place in its source an update or deletion was: batches come in any order, places do not.
    create table trading.amendment_seqs (
      deal_key bigint primary key, -- Of the update or deletion.
      source_key integer not null,
      seq bigint not null
    );
    grant select, insert on trading.amendment_seqs to cascade_app;

    -- What a deal is now, where an update or deletion was taken up; absent where the addition stands as it came.
    create table trading.amended (
      deal_key bigint primary key, -- Of the addition.
      version_key bigint not null, -- The row of trading.deals that says what it is now.
      deleted boolean not null,
      server_key smallint not null,
      position_id bigint not null,
      settled text check (settled in ('kept', 'technical', 'group_unpaid', 'deleted')), -- Nothing is to be booked, and nothing was.
      amended_at timestamptz not null default now()
    );
    create index amended_of_position on trading.amended (server_key, position_id) where position_id > 0;
    grant select, insert, update (version_key, deleted, position_id, settled, amended_at) on trading.amended to cascade_app;
    alter table trading.due add column facts_key bigint; -- Where the deal was amended before it was booked.
    alter table trading.parked drop constraint parked_resolution_check;
    alter table trading.parked add constraint parked_resolution_check
      check (resolution in ('due', 'kept', 'technical', 'group_unpaid', 'other_code', 'amended', 'superseded', 'deleted'));
    create index parked_amendments on trading.parked (deal_key) where resolved_at is null and code = 'trading.correction_waits';

    -- The deals that open volume of a position, each as it is now.
    create function trading.entries_of(of_server smallint, of_position bigint) returns setof trading.deals
    language sql stable as $$
      select d.* from trading.deals d
       where d.server_key = of_server and d.position_id = of_position and d.version = 0 and d.opened_volume > 0 and d.position_id > 0
         and not exists (select from trading.amended a where a.deal_key = d.key)
      union all
      select d.* from trading.amended a join trading.deals d on d.key = a.version_key
       where a.server_key = of_server and a.position_id = of_position and a.position_id > 0 and not a.deleted and d.opened_volume > 0
    $$;
    grant execute on function trading.entries_of to cascade_app;

    -- Positions of which something changed that closes of theirs may depend on: looked at when none of them waits any more.
    create table trading.touched_positions (
      server_key smallint not null,
      position_id bigint not null,
      touched_at timestamptz not null default clock_timestamp(),
      primary key (server_key, position_id)
    );
    grant select, insert, delete, update (touched_at) on trading.touched_positions to cascade_app;
    -- Up to which event of the feed opens were looked for that came after a close of theirs.
    create table trading.late_opens (
      only_row boolean primary key default true check (only_row),
      seq bigint not null
    );
    insert into trading.late_opens (seq) values (0);
    grant select, update (seq) on trading.late_opens to cascade_app;

    -- Re-runs: which trades, with what other terms; what would change, and how far it is done.
    create table commissions.reruns (
      key integer generated always as identity primary key,
      id uuid not null unique,
      state text not null default 'preparing'
        check (state in ('preparing', 'prepared', 'applying', 'applied', 'failed', 'cancelled')),
      selection jsonb not null,
      terms jsonb not null,
      reason text not null,
      asked_by text not null,
      asked_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      known_at timestamptz, -- As of which knowledge of the tree, plans and agreements it is computed.
      configuration_version bigint,
      digest text, -- SHA-256 over all that would change: what is agreed upon.
      totals jsonb,
      prepared_at timestamptz,
      approval_id uuid,
      applied_up_to bigint not null default 0, -- The last trade that is done.
      applied_at timestamptz,
      task_id uuid, -- The work that is under way for it.
      error_code text
    );
    grant select, insert, update (state, known_at, configuration_version, digest, totals, prepared_at, approval_id, applied_up_to,
      applied_at, task_id, error_code) on commissions.reruns to cascade_app;
    create index reruns_by_time on commissions.reruns (asked_at, id);
    -- One at a time is carried out: others that correct wait for it.
    create unique index reruns_applying on commissions.reruns ((true)) where state = 'applying';

    create table commissions.rerun_trades (
      rerun_key integer not null,
      deal_key bigint not null,
      revision smallint not null, -- The live one that it was compared with.
      change text not null, -- JSON: before, after and who gets more or less.
      primary key (rerun_key, deal_key)
    );
    grant select, insert on commissions.rerun_trades to cascade_app;
    create trigger append_only before update or delete or truncate on commissions.rerun_trades
      for each statement execute function platform.refuse_change();

    -- Why the revisions of a batch were written.
    create table commissions.corrections (
      batch_key bigint primary key,
      cause text not null check (cause in ('amendment', 'late_entry', 'rerun', 'chargeback')),
      reason text not null,
      rerun_key integer,
      approval_id uuid,
      told_at timestamptz -- When the IBs were told, where they are.
    );
    grant select, insert, update (told_at) on commissions.corrections to cascade_app;
    create index corrections_untold on commissions.corrections (batch_key) where told_at is null and cause in ('rerun', 'chargeback');

    alter table commissions.bookings
      add column facts_key bigint, -- The version of the deal that it was computed from, where that is not the addition.
      add column rerun_key integer; -- Whose terms it was computed by.
  `);
