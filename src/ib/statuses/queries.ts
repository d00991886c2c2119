import { z } from 'zod';
import { query } from '../../platform/query.ts';

export const statusAt = query(
  'ib.status_at',
  z.object({ status: z.enum(['suspended', 'terminated']) }),
  `select status from ib.statuses
    where ib_key = :ibKey::integer and superseded_at = 'infinity' and valid_from <= :at::timestamptz and :at::timestamptz < valid_to`,
);

/** Ends the status that holds at the instant, if there is one, and opens the new one unless it is `active`. */
export const replaceStatus = query(
  'ib.replace_status',
  z.object({}),
  `with ended as (
     update ib.statuses set superseded_at = :recordedAt::timestamptz
      where ib_key = :ibKey::integer and superseded_at = 'infinity' and valid_from <= :recordedAt::timestamptz and :recordedAt::timestamptz < valid_to
     returning status, valid_from, reason
   )
   insert into ib.statuses (ib_key, status, valid_from, valid_to, recorded_at, reason)
   select :ibKey::integer, status, valid_from, :recordedAt::timestamptz, :recordedAt::timestamptz, reason from ended
   union all
   select :ibKey::integer, :status::text, :recordedAt::timestamptz, 'infinity'::timestamptz, :recordedAt::timestamptz, :reason::text where :status::text <> 'active'`,
);
