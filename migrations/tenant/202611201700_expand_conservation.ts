import type { Knex } from 'knex';

/**
 * Per trade one row in which the database itself adds up what was earned: to introducing brokers, to the client, to the house.
 * Rows from before have none of the three. And what a second computation found different, until somebody says what it was.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    alter table commissions.bookings
      add column ib_units bigint check (ib_units >= 0),
      add column client_units bigint check (client_units >= 0),
      add column house_units bigint check (house_units >= 0),
      add constraint bookings_conserved check (
        num_nulls(ib_units, client_units, house_units) = 3
        or (num_nulls(ib_units, client_units, house_units) = 0 and ib_units + client_units + house_units = earning_units)
      );

    -- How far the newest bookings have been computed a second time.
    create table commissions.proof_position (
      only_row boolean primary key default true check (only_row),
      batch_key bigint not null
    );
    insert into commissions.proof_position (batch_key) values (0);
    grant select, update (batch_key) on commissions.proof_position to cascade_app;

    create table commissions.discrepancies (
      id uuid primary key,
      deal_key bigint, -- Of a booking.
      award_key bigint, -- Of an award.
      detail text not null,
      found_at timestamptz not null default date_trunc('milliseconds', now()),
      acknowledged_at timestamptz,
      acknowledged_by uuid, -- The user.
      note text,
      check (num_nonnulls(deal_key, award_key) = 1),
      check (num_nulls(acknowledged_at, acknowledged_by, note) in (0, 3))
    );
    -- The same difference of the same deal or award is said once.
    create unique index discrepancies_once on commissions.discrepancies (coalesce(deal_key, -award_key), md5(detail));
    create index discrepancies_open on commissions.discrepancies (found_at, id) where acknowledged_at is null;
    create index discrepancies_by_time on commissions.discrepancies (found_at, id);
    grant select, insert, update (acknowledged_at, acknowledged_by, note) on commissions.discrepancies to cascade_app;
  `);
