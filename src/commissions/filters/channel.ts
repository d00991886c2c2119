import { z } from 'zod';
import { listFilter } from './lists.ts';

const Entry = z
  .string()
  .regex(/^(?:direct|referral|[0-9A-HJKMNP-TV-Z]{10})$/, 'expected direct, referral, or a referral code of ten signs');

/**
 * By how the client came: `direct` without a referral code, `referral` with any, or one code. Which program a deal was made
 * with is told by its reason (`open_reason`).
 */
export const channel = listFilter({
  kind: 'channel',
  entry: Entry,
  figure: 'channel',
  needsExecution: true,
  needsChannel: true,
  wordOf: ({ execution }) =>
    execution?.channel === undefined ? { code: 'commissions.price_unknown' } : { word: execution.channel || 'direct' },
  isAmong: (word, entries) => entries.has(word) || (word !== 'direct' && entries.has('referral')),
  reason: 'channel_excluded',
});
