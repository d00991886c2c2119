import { z } from 'zod';
import { pagedQuery } from '../../platform/paging.ts';
import { query } from '../../platform/query.ts';
import { ScheduleTerms } from './contract.ts';

const scheduleRow = z.object({
  key: z.bigint(),
  kind: z.int(),
  party: z.int(),
  terms: ScheduleTerms.nullable(),
  validFrom: z.date(),
  reason: z.string(),
  recordedAt: z.date(),
});

const COLUMNS = `s.key::bigint as key, s.kind, s.party, s.terms, s.valid_from as "validFrom", s.reason,
         date_trunc('milliseconds', s.recorded_at) as "recordedAt"` as const;

/** Nothing comes back where another begins at the same instant. */
export const insertSchedule = query(
  'payouts.insert_schedule',
  scheduleRow,
  `
  insert into payouts.schedules as s (kind, party, signature, terms, valid_from, reason)
  values (:kind, :party, :signature, :terms::jsonb, :validFrom, :reason)
  on conflict (kind, party, valid_from) do nothing
  returning ${COLUMNS}`,
);

/** Of everybody, or the party's and the default's. */
export const pageOfSchedules = pagedQuery(
  'payouts.page_of_schedules',
  scheduleRow,
  `
  select ${COLUMNS}
    from payouts.schedules s
   where :kind::smallint is null or (s.kind = :kind and s.party = :party) or (s.kind = 0 and :withDefault::boolean)`,
  {
    sorts: { validFrom: { column: 'validFrom', type: 'timestamptz' } },
    unique: { column: 'key', schema: z.bigint(), type: 'bigint' },
  },
);

/** What is in force at an instant for parties, in the order asked: the party's own terms and the default's, where there are any. */
export const termsAt = query(
  'payouts.terms_at',
  z.object({ own: ScheduleTerms.nullable(), otherwise: ScheduleTerms.nullable() }),
  `
  select own.terms as own,
         (select d.terms from payouts.schedules d where d.kind = 0 and d.valid_from <= :at order by d.valid_from desc limit 1) as otherwise
    from unnest(:kinds::smallint[], :parties::integer[]) with ordinality as p (kind, party, place)
    left join lateral (select s.terms from payouts.schedules s
                        where s.kind = p.kind and s.party = p.party and s.valid_from <= :at
                        order by s.valid_from desc limit 1) own on true
   order by p.place`,
);
