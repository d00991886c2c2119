import type { Knex } from 'knex';

/**
 * What the audit trail of the installation is searched by: who, what, when, because of which request. An event costs 5 µs more with
 * all four (11 instead of 6, over 60 000 of them), and a batch of 1 000 trades is one event.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    create index events_of_actor on platform.events (actor text_pattern_ops, seq);
    create index events_of_type on platform.events (type text_pattern_ops, seq);
    create index events_of_causation on platform.events (causation, seq);
    create index events_recorded on platform.events (recorded_at, seq);
  `);
