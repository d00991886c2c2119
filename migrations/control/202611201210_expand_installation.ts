import type { Knex } from 'knex';

/** What the installation was made with: a process with another secret would lock everybody out of all databases. */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    create table control.installation (
      only_row boolean primary key default true check (only_row),
      secret_check bytea not null -- A keyed hash: it tells whether a secret is the same, not what it is.
    );
  `);
