import type { Knex } from 'knex';

/**
 * The head of the installation's own chain of events, copied here: whoever cuts off or rewrites the end of that chain in
 * the control database does not reach the copies in tenants' databases.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    create table platform.installation_head (
      only_row boolean primary key default true check (only_row),
      seq bigint not null,
      hash bytea not null,
      seen_at timestamptz not null
    );
    grant select, insert, update (seq, hash, seen_at) on platform.installation_head to cascade_app;
  `);
