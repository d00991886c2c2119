import { z } from 'zod';
import { query } from '../../platform/query.ts';

/** The present instant of the tenant's database. */
export const presentInstant = query(
  'payouts.now',
  z.object({ now: z.date() }),
  `select date_trunc('milliseconds', clock_timestamp()) as now`,
);
