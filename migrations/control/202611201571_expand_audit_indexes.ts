import type { Knex } from 'knex';

/** What the installation's audit trail is searched by: who and when. It is short: what else is asked of it reads it as it is. */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    create index events_of_actor on platform.events (actor text_pattern_ops, seq);
    create index events_recorded on platform.events (recorded_at, seq);
  `);
