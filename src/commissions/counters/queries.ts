import { z } from 'zod';
import { query } from '../../platform/query.ts';
import { KeptStanding } from './contract.ts';

/** The day that days are counted from. */
const FIRST = `date '1970-01-01'`;

/**
 * Holds the counters of plans until the transaction ends, in the order given. Its place among the bookings comes first: a cut that
 * waits for bookings would else wait for one that waits for this lock, and whoever has it for the cut.
 */
export const lockPlans = query(
  'commissions.lock_counters',
  z.object({}),
  `
  with joined as materialized (select pg_advisory_xact_lock_shared(hashtext('commissions.bookings')) is null)
  select from (select pg_advisory_xact_lock(hashtext('commissions.counters'), p.key)
                 from joined cross join unnest(:planKeys::integer[]) as p (key)) as held`,
);

/** The same for every plan that has adjusters: for who cannot say beforehand which ones are concerned. */
export const lockEveryPlan = query(
  'commissions.lock_every_counter',
  z.object({}),
  `
  with joined as materialized (select pg_advisory_xact_lock_shared(hashtext('commissions.bookings')) is null),
       adjusted as materialized (
         select distinct v.plan_key as key from commissions.plan_versions v
          where v.published_at is not null and jsonb_path_exists(v.definition, '$.components[*].adjusters[*]')
          order by v.plan_key)
  select from (select pg_advisory_xact_lock(hashtext('commissions.counters'), p.key) from joined cross join adjusted as p) as held`,
);

/** What counters stand at, day by day, over the days that are asked for. */
export const countersOf = query(
  'commissions.counters_of',
  z.object({ place: z.bigint(), day: z.int(), units: z.string() }),
  `
  select a.place, c.day - ${FIRST} as day, c.units::text as units
    from unnest(:planKeys::integer[], :components::text[], :measures::text[], :owners::integer[], :subjects::text[],
                :fromDays::integer[], :toDays::integer[])
           with ordinality as a (plan_key, component, measure, owner, subject, from_day, to_day, place)
    join commissions.counters c
      on c.plan_key = a.plan_key and c.component = a.component and c.measure = a.measure and c.owner = a.owner
     and c.subject = a.subject and c.day between ${FIRST} + a.from_day and ${FIRST} + a.to_day
   order by a.place, c.day`,
);

/** How many clients were active over the days that are asked for. */
export const activeClients = query(
  'commissions.active_clients',
  z.object({ place: z.bigint(), subjects: z.bigint() }),
  `
  select a.place, n.subjects
    from unnest(:planKeys::integer[], :components::text[], :owners::integer[], :fromDays::integer[], :toDays::integer[])
           with ordinality as a (plan_key, component, owner, from_day, to_day, place)
   cross join lateral (
           select count(distinct c.subject) as subjects from commissions.counters c
            where c.plan_key = a.plan_key and c.component = a.component and c.measure = 'active' and c.owner = a.owner
              and c.units > 0 and c.day between ${FIRST} + a.from_day and ${FIRST} + a.to_day) n
   order by a.place`,
);

export const addToCounters = query(
  'commissions.add_to_counters',
  z.object({}),
  `
  insert into commissions.counters as c (plan_key, component, measure, owner, subject, day, units)
  select a.plan_key, a.component, a.measure, a.owner, a.subject, ${FIRST} + a.day, a.units
    from unnest(:planKeys::integer[], :components::text[], :measures::text[], :owners::integer[], :subjects::text[],
                :days::integer[], :units::numeric[]) as a (plan_key, component, measure, owner, subject, day, units)
  on conflict (plan_key, component, measure, owner, subject, day) do update set units = c.units + excluded.units`,
);

export const depositMark = query(
  'commissions.deposit_mark',
  z.object({ settledKey: z.bigint(), seenKey: z.bigint(), isOld: z.boolean() }),
  `
  select deal_key as "settledKey", seen_key as "seenKey", looked_at < clock_timestamp() - interval '1 minute' as "isOld"
    from commissions.deposit_marks where plan_key = :planKey`,
);

export const moveDepositMark = query(
  'commissions.move_deposit_mark',
  z.object({}),
  `
  insert into commissions.deposit_marks as m (plan_key, deal_key, seen_key) values (:planKey, :settledKey, :seenKey)
  on conflict (plan_key) do update
     set deal_key = greatest(m.deal_key, excluded.deal_key), seen_key = greatest(m.seen_key, excluded.seen_key),
         looked_at = clock_timestamp()`,
);

/** What deposits hold of clients, on days. */
export const depositsHeld = query(
  'commissions.deposits_held',
  z.object({ component: z.string(), clientKey: z.int(), owner: z.int(), day: z.int(), units: z.string() }),
  `
  select c.component, c.owner as "clientKey", c.subject::integer as owner, c.day - ${FIRST} as day, c.units::text as units
    from unnest(:components::text[]) as p (component)
   cross join unnest(:clientKeys::integer[], :days::integer[]) as d (client_key, day)
    join commissions.counters c
      on c.plan_key = :planKey and c.component = p.component and c.measure = 'deposits_of' and c.owner = d.client_key
     and c.day = ${FIRST} + d.day`,
);

/** What a revision of a booking saw. */
export const insertStandings = query(
  'commissions.insert_standings',
  z.object({}),
  `
  insert into commissions.standings (deal_key, revision, plan_key, ib_key, month, standing)
  select s.deal_key, s.revision, s.plan_key, s.ib_key, ${FIRST} + s.month, s.standing
    from unnest(:dealKeys::bigint[], :revisions::smallint[], :planKeys::integer[], :ibKeys::integer[], :months::integer[],
                :standings::text[]) as s (deal_key, revision, plan_key, ib_key, month, standing)`,
);

/** What the last revisions of deals saw and counted. */
export const liveStandings = query(
  'commissions.live_standings',
  z.object({ dealKey: z.bigint(), revision: z.int(), planKey: z.int(), ibKey: z.int(), standing: KeptStanding }),
  `
  select s.deal_key as "dealKey", s.revision, s.plan_key as "planKey", s.ib_key as "ibKey", s.standing::jsonb as standing
    from commissions.standings s
   where s.deal_key = any (:dealKeys::bigint[])
     and not exists (select from commissions.bookings b where b.deal_key = s.deal_key and b.revision > s.revision)`,
);

/** Months of tiers in which something was taken back or counted otherwise: their trades are looked at once more. */
export const reopenMonths = query(
  'commissions.reopen_tier_months',
  z.object({}),
  `
  insert into commissions.tier_months as t (plan_key, component, owner, month, at, units, tier, trued_tier)
  select distinct m.plan_key, m.component, m.owner, ${FIRST} + m.month, m.at, 0, 0, -1
    from unnest(:planKeys::integer[], :components::text[], :owners::integer[], :months::integer[], :ats::text[])
      as m (plan_key, component, owner, month, at)
  on conflict (plan_key, component, owner, month) do update set trued_tier = -1, rounds = t.rounds + 1`,
);

/** What months of tiers come to now. */
export const noteMonths = query(
  'commissions.note_tier_months',
  z.object({}),
  `
  insert into commissions.tier_months as t (plan_key, component, owner, month, at, units, tier)
  select m.plan_key, m.component, m.owner, ${FIRST} + m.month, m.at, m.units, m.tier
    from unnest(:planKeys::integer[], :components::text[], :owners::integer[], :months::integer[], :ats::text[],
                :units::numeric[], :tiers::smallint[]) as m (plan_key, component, owner, month, at, units, tier)
  on conflict (plan_key, component, owner, month) do update set at = excluded.at, units = excluded.units, tier = excluded.tier`,
);

/** The same of months that are there already, for what is counted without a trade. */
export const noteKnownMonths = query(
  'commissions.note_known_tier_months',
  z.object({}),
  `
  update commissions.tier_months t set units = m.units, tier = m.tier
    from unnest(:components::text[], :owners::integer[], :months::integer[], :units::numeric[], :tiers::smallint[])
      as m (component, owner, month, units, tier)
   where t.plan_key = :planKey and t.component = m.component and t.owner = m.owner and t.month = ${FIRST} + m.month`,
);
