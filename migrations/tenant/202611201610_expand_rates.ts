import type { Knex } from 'knex';

/**
 * Rates between currencies as they were published: one base is `rate` of the quote. Inverses and crosses are never stored.
 * Symbols may say their base currency.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    create table trading.rates (
      key bigint generated always as identity primary key,
      base text not null,
      quote text not null check (quote <> base),
      rate numeric not null check (rate > 0),
      source text not null,
      at timestamptz not null, -- Since when it is published.
      recorded_at timestamptz not null default now(),
      unique (base, quote, at, source)
    );
    grant select, insert on trading.rates to cascade_app;
    create trigger append_only before update or delete or truncate on trading.rates
      for each statement execute function platform.refuse_change();

    -- The pairs of which there are rates: few, where a scan of all rates would find them.
    create table trading.rate_pairs (
      base text not null,
      quote text not null,
      primary key (base, quote)
    );
    grant select, insert on trading.rate_pairs to cascade_app;

    -- What a lot is so many units of; absent where it is no currency, or where nobody has said.
    alter table trading.symbols add column base_currency text;
  `);
