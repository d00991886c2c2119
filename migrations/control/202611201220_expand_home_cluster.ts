import type { Knex } from 'knex';

/**
 * A cluster without an address is the one that holds the registry itself. Each process reaches it by its own
 * DATABASE_URL: an operator who comes through a tunnel must not move it for everybody.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    alter table control.clusters alter column host drop not null, alter column port drop not null,
      add check ((host is null) = (port is null));
    insert into control.clusters (name, host, port) values ('main', null, null)
      on conflict (name) do update set host = null, port = null;
  `);
