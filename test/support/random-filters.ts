import fc from 'fast-check';
import type { NaiveFilter, NaiveList } from '../../src/commissions/naive/types.ts';

export const symbols = ['EURUSD', 'XAUUSD', 'BTCUSD'];
export const symbolGroups = ['majors', 'metals', 'crypto'];
export const accountGroups = ['standard', 'cent'];

const listed = (kind: NaiveList['kind'], ...words: string[]): fc.Arbitrary<NaiveFilter> =>
  fc.record({
    kind: fc.constant(kind),
    mode: fc.constantFrom('allow' as const, 'deny' as const),
    list: fc.subarray(words, { minLength: 1 }),
  });
/** Any filter, as often the minimum time as all others together. */
export const filter: fc.Arbitrary<NaiveFilter> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(59, 60).map((seconds) => ({ kind: 'minimum_time_open' as const, seconds })) },
  fc.constantFrom('0', '1', '2.5').map((spreads) => ({ kind: 'minimum_movement' as const, spreads })),
  listed('symbol', ...symbols),
  listed('symbol_group', ...symbolGroups),
  listed('account_group', ...accountGroups),
  listed('side', 'buy', 'sell'),
  listed('channel', 'direct', 'referral', '7HX2M4Q9TZ'),
  listed('open_reason', 'client', 'expert', 'web'),
);
