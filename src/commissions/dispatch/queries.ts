import { z } from 'zod';
import { query } from '../../platform/query.ts';

const nothing = z.object({});

/** The tenant's places in the queue; `stale` ones were taken so long ago that their job must be looked for. */
export const readSlots = query(
  'commissions.read_slots',
  z.object({ jobId: z.string().nullable(), stale: z.boolean() }),
  `
  select job_id as "jobId", coalesce(taken_at < clock_timestamp() - make_interval(secs => :leaseMs::double precision / 1000), false) as stale
    from commissions.queue_slots`,
);

/**
 * Takes one free place for a job and names the job after it: the same work may be put on the queue again after it was
 * lost, under another name. Gives nothing where all places are taken; one that somebody else takes now is passed over.
 */
export const takeSlot = query(
  'commissions.take_slot',
  z.object({ jobId: z.string(), suffix: z.string() }),
  `
  update commissions.queue_slots s
     set taken_at = clock_timestamp(), uses = s.uses + 1, job_id = :base || '.' || s.slot || '.' || (s.uses + 1)
    from (select slot from commissions.queue_slots where job_id is null order by slot limit 1 for update skip locked) free
   where s.slot = free.slot
  returning s.job_id as "jobId", '.' || s.slot || '.' || s.uses as suffix`,
);

export const renewSlot = query(
  'commissions.renew_slot',
  nothing,
  `
  update commissions.queue_slots set taken_at = clock_timestamp() where job_id = :jobId`,
);

export const freeSlot = query(
  'commissions.free_slot',
  nothing,
  `
  update commissions.queue_slots set taken_at = null, job_id = null where job_id = :jobId`,
);
