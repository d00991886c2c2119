import { z } from 'zod';

const Units = z.string().regex(/^-?\d+$/);

/** What a trade saw of the counters, as a booking keeps it: by component, in the order of its adjusters. */
export const KeptStanding = z.strictObject({
  seen: z.array(z.array(Units)),
  again: z.array(z.array(Units).nullable()).optional(),
});
