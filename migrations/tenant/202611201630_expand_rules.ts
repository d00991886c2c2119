import type { Knex } from 'knex';

/**
 * Rates beside agreements (deals of one client link, personal and group overrides), deals that open volume and count, and
 * opens of positions that somebody says by hand.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    -- Rates that come before an IB's agreement: for one client, or for the accounts of one group. Without an IB they are of
    -- the client's own one, whichever that is at the time. 0 and '' stand for what is not named.
    create table commissions.overrides (
      key integer generated always as identity primary key,
      id uuid not null unique,
      plan_key integer not null references commissions.plans (key),
      kind text not null check (kind in ('link', 'personal', 'group')),
      ib_key integer not null default 0,
      client_key integer not null default 0,
      account_group text not null default '',
      terms jsonb not null,
      reason text not null,
      valid_from timestamptz not null,
      valid_to timestamptz not null default 'infinity' check (valid_to > valid_from),
      recorded_at timestamptz not null default now(),
      configuration_version bigint not null,
      unique (client_key, ib_key, account_group, plan_key, valid_from),
      check ((kind = 'link') = (ib_key > 0 and client_key > 0)),
      check ((kind = 'group') = (account_group <> '')),
      check ((kind = 'group') = (client_key = 0))
    );
    create index overrides_of_plan on commissions.overrides (plan_key, recorded_at);
    create index overrides_of_groups on commissions.overrides (ib_key, configuration_version) where kind = 'group';
    grant select, insert, update (valid_to) on commissions.overrides to cascade_app;

    -- Whether any plan counts deals that open volume: then these wait to be booked as well. It never turns back, for late deals.
    create table trading.counting (
      only_row boolean primary key default true check (only_row),
      opens boolean not null
    );
    insert into trading.counting (opens) values (false);
    grant select, update (opens) on trading.counting to cascade_app;
    alter table trading.due drop constraint due_closed_volume_check;
    alter table trading.due add check (closed_volume >= 0);
    create index deals_opening on trading.deals ((coalesce(time_utc, to_timestamp(server_time_ms::double precision / 1000))), key)
      where version = 0 and closed_volume = 0 and opened_volume > 0 and handling in ('due', 'parked');
    create index deals_of_login_opening on trading.deals
      (login, (coalesce(time_utc, to_timestamp(server_time_ms::double precision / 1000))), key)
      where version = 0 and closed_volume = 0 and opened_volume > 0 and handling in ('due', 'parked');

    -- When a position was opened whose open the feed did not bring; the newest row of a position holds.
    create table trading.opens_by_hand (
      key bigint generated always as identity primary key,
      server_key smallint not null references trading.servers (key),
      position_id bigint not null, -- 0 where the feed does not tell it: then it is about the one deal.
      deal_key bigint not null, -- The parked deal for which it was said.
      opened_at timestamptz not null,
      price text,
      open_reason integer,
      reason text not null,
      actor text not null,
      set_at timestamptz not null default date_trunc('milliseconds', clock_timestamp())
    );
    create index opens_by_hand_of_position on trading.opens_by_hand (server_key, position_id, key) where position_id > 0;
    create index opens_by_hand_of_deal on trading.opens_by_hand (deal_key, key);
    grant select, insert on trading.opens_by_hand to cascade_app;
    create trigger append_only before update or delete or truncate on trading.opens_by_hand
      for each statement execute function platform.refuse_change();
  `);
