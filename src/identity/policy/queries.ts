import { z } from 'zod';
import { realmQuery } from '../../platform/query.ts';

/** Whether a second factor is fresh enough for what needs a step up, by the database's clock. */
export const isFresh = realmQuery(
  'identity.is_fresh',
  z.object({ fresh: z.boolean() }),
  `select :provenAt::timestamptz > clock_timestamp() - interval '5 minutes' as fresh`,
);
