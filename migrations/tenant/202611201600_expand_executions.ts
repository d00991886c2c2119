import type { Knex } from 'knex';

/**
 * What a booking was told of the execution of its trade, where its plan looks at that: prices, sums and charges, as JSON. A deal
 * that comes late changes the charges of a position; what was booked is computed again from what was known.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    create table commissions.executions (
      deal_key bigint not null,
      revision smallint not null,
      execution text not null,
      primary key (deal_key, revision)
    );
    grant select, insert on commissions.executions to cascade_app;
    create trigger append_only before update or delete or truncate on commissions.executions
      for each statement execute function platform.refuse_change();
  `);
