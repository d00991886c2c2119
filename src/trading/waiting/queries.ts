import { z } from 'zod';
import { query } from '../../platform/query.ts';

/** Due and parked deals that closed before an instant; of a parked one whose instant is not known it may be. */
export const waitingBefore = query(
  'trading.waiting_before',
  z.object({ due: z.int(), parked: z.int() }),
  `
  select (select count(*)::integer from (select from trading.due where closed_at < :until limit :max) d) as due,
         (select count(*)::integer
            from (select from trading.parked p
                    join trading.deals d on d.key = p.deal_key
                   where p.resolved_at is null and (d.time_utc is null or d.time_utc < :until) limit :max) p) as parked`,
);
