import { z } from 'zod';
import { IbId } from '../kernel/ids.ts';
import { query } from '../platform/query.ts';

/**
 * Takes the lock of all changes and gives the instant of this one: the database's clock, but later than every change
 * before, also when the clock was set back.
 */
export const beginChange = query(
  'ib.begin_change',
  z.object({ recordedAt: z.date() }),
  `update ib.structure
      set recorded_at = greatest(date_trunc('milliseconds', clock_timestamp()), recorded_at + interval '1 millisecond')
   returning recorded_at as "recordedAt"`,
);

/** The instant for a question about now: the latest change may be a moment ahead of the clock. */
export const readNow = query(
  'ib.read_now',
  z.object({ now: z.date() }),
  `select greatest(date_trunc('milliseconds', clock_timestamp()), recorded_at) as now from ib.structure`,
);

export const ibsOfIds = query(
  'ib.ibs_of_ids',
  z.object({ key: z.int(), id: IbId, validFrom: z.date() }),
  `select key, id, valid_from as "validFrom" from ib.ibs where id = any (:ids::uuid[])`,
);

export const ibsOfKeys = query(
  'ib.ibs_of_keys',
  z.object({ key: z.int(), id: IbId, validFrom: z.date() }),
  `select key, id, valid_from as "validFrom" from ib.ibs where key = any (:keys::integer[])`,
);

/** What IBs are called. */
export const namesOfIbs = query(
  'ib.names_of_ibs',
  z.object({ key: z.int(), name: z.string() }),
  `select key, name from ib.ibs where key = any (:keys::integer[])`,
);

/** For people: how much there is to check. */
export const countIbs = query(
  'ib.count_ibs',
  z.object({ ibs: z.int() }),
  `select count(*)::integer as ibs from ib.ibs`,
);
