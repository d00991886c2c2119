import { z } from 'zod';
import { controlQuery, query } from '../../platform/query.ts';

/** The first statement of a verification: all that follows sees one moment, whatever is booked meanwhile, and writes nothing. */
export const seeOneMoment = query(
  'ops.see_one_moment',
  z.object({}),
  'set transaction isolation level repeatable read, read only',
);

/** The same on the control database. */
export const seeOneMomentOfControl = controlQuery(
  'ops.see_one_moment_of_control',
  z.object({}),
  'set transaction isolation level repeatable read, read only',
);
