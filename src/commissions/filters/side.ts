import { z } from 'zod';
import { listFilter } from './lists.ts';

/** By the side of the position: a sell closes a buy. */
export const side = listFilter({
  kind: 'side',
  entry: z.enum(['buy', 'sell']),
  figure: 'side',
  needsExecution: true,
  wordOf: ({ execution }) =>
    execution === undefined ? { code: 'commissions.price_unknown' } : { word: execution.side },
  reason: 'side_excluded',
});
