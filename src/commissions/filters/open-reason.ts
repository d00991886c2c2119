import { z } from 'zod';
import { listFilter } from './lists.ts';

/** Those that open positions, by the platform's names; all others are of its own making, and never earn. */
const Reason = z.enum([
  'client',
  'expert',
  'dealer',
  'stop_loss',
  'take_profit',
  'stop_out',
  'external_client',
  'gateway',
  'signal',
  'mobile',
  'web',
]);

/** By why the position was opened: by hand at a terminal, on the telephone, in the browser, by a program, a dealer or a signal. */
export const openReason = listFilter({
  kind: 'open_reason',
  entry: Reason,
  figure: 'openReason',
  needsExecution: true,
  needsOpen: true,
  wordOf: ({ execution, openedAtMs }) => {
    if (execution === undefined) return { code: 'commissions.price_unknown' };
    if (execution.openReason !== undefined) return { word: execution.openReason };
    return { code: openedAtMs === undefined ? 'commissions.open_unknown' : 'commissions.open_reason_unknown' };
  },
  reason: 'open_reason_excluded',
});
