import type { Knex } from 'knex';

/**
 * Trades by their close, of all and of an account, so that a page of millions is a range of an index. Opens and money have
 * no part in them. Measured beside the insert of 1 000 deals, half of them closing (5.4 ms): by close 0.5 ms, by login
 * 1.9 ms. A deal whose label the server's clock skips is listed by the label. src/trading/trades/queries.ts asks by the very
 * same expression.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    create index deals_by_close on trading.deals ((coalesce(time_utc, to_timestamp(server_time_ms::double precision / 1000))), key)
      where version = 0 and closed_volume > 0;
    create index deals_of_login_by_close on trading.deals
      (login, (coalesce(time_utc, to_timestamp(server_time_ms::double precision / 1000))), key)
      where version = 0 and closed_volume > 0;
  `);
