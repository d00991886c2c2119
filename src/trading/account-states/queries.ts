import { z } from 'zod';
import { query } from '../../platform/query.ts';

/** Gives the places of those that were not known: the same state of the same instant is kept once. */
export const insertStates = query(
  'trading.insert_account_states',
  z.object({ login: z.bigint(), at: z.date(), equity: z.string(), credit: z.string() }),
  `
  insert into trading.account_states (server_key, login, at, equity, credit, balance)
  select :serverKey, s.login, s.at, s.equity, s.credit, s.balance
    from unnest(:logins::bigint[], :ats::timestamptz[], :equities::numeric[], :credits::numeric[], :balances::numeric[])
      as s (login, at, equity, credit, balance)
  on conflict (server_key, login, at, equity, credit) do nothing
  returning login, at, equity::text as equity, credit::text as credit`,
);

/** The last state of each deal's account at or before an instant; of one instant the one that came last. */
export const statesBefore = query(
  'trading.account_states_before',
  z.object({ dealKey: z.bigint(), equity: z.string(), credit: z.string(), at: z.date() }),
  `
  select t.deal_key as "dealKey", s.equity::text as equity, s.credit::text as credit, s.at
    from unnest(:dealKeys::bigint[], :factsKeys::bigint[], :ats::timestamptz[]) as t (deal_key, facts_key, at)
    join trading.deals d on d.key = t.facts_key
   cross join lateral (
           select a.equity, a.credit, a.at from trading.account_states a
            where a.server_key = d.server_key and a.login = d.login and a.at <= t.at
            order by a.at desc, a.key desc limit 1) s`,
);

/** Deals at or before whose time something is known of their account. */
export const dealsWithState = query(
  'trading.deals_with_account_state',
  z.object({ dealKey: z.bigint() }),
  `
  select d.key as "dealKey" from trading.deals d
   where d.key = any (:dealKeys::bigint[])
     and exists (select from trading.account_states a
                  where a.server_key = d.server_key and a.login = d.login and a.at <= d.time_utc)`,
);
