import { z } from 'zod';
import { query } from '../../platform/query.ts';

/**
 * Takes free places of the tenant in the queue, at most :wanted. A place whose job was lost with the queue is free again
 * after :leaseMs. Places that somebody else is taking right now are passed over.
 */
export const takeSlots = query('commissions.take_slots', z.object({ slot: z.int() }), `
  update commissions.queue_slots s set taken_at = clock_timestamp(), job_id = :jobId
    from (select slot from commissions.queue_slots
           where taken_at is null or taken_at < clock_timestamp() - make_interval(secs => :leaseMs::double precision / 1000)
           order by slot limit :wanted for update skip locked) free
   where s.slot = free.slot
  returning s.slot`);

export const busySlots = query('commissions.busy_slots', z.object({ busy: z.int(), free: z.int() }), `
  select count(*) filter (where taken_at >= clock_timestamp() - make_interval(secs => :leaseMs::double precision / 1000))::integer as busy,
         count(*) filter (where taken_at is null or taken_at < clock_timestamp() - make_interval(secs => :leaseMs::double precision / 1000))::integer as free
    from commissions.queue_slots`);

export const freeSlot = query('commissions.free_slot', z.object({}), `
  update commissions.queue_slots set taken_at = null, job_id = null where job_id = :jobId`);
