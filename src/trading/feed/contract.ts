import { z } from 'zod';

const count = z.int().nonnegative();

/** Where a source stands. `missing` lists at most 100 ranges of seqs below `highest` that were not seen, both ends included. */
export const FeedCursor = z.object({
  cursor: count.meta({ description: 'The last seq up to which everything is durable; 0 before the first' }),
  highest: count.meta({ description: 'The highest seq that was seen' }),
  missing: z.array(z.tuple([count, count])).max(100),
});
export type FeedCursor = z.infer<typeof FeedCursor>;

/** The verdict on one line; `line` counts from 0. */
export const LineVerdict = z.object({
  line: count,
  status: z.enum(['accepted', 'duplicate', 'parked', 'rejected']),
  code: z.string().optional(),
  detail: z.string().optional(),
});
export type LineVerdict = z.infer<typeof LineVerdict>;

/** The answer to a batch, given when all of its lines are durable. */
export const FeedAnswer = z.object({
  accepted: count,
  duplicates: count,
  parked: count,
  rejected: count,
  results: z.array(LineVerdict),
  ...FeedCursor.shape,
});
export type FeedAnswer = z.infer<typeof FeedAnswer>;
