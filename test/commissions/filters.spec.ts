import { describe, expect, it } from 'vitest';
import { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { explainTrade } from '../../src/commissions/engine/rules.ts';
import type { NaiveExecution, NaiveFilter, NaiveList } from '../../src/commissions/naive/types.ts';
import { checkDefinition } from '../../src/commissions/plans/rules.ts';
import { openReasonNames, reasonNameOf } from '../../src/trading/opens/rules.ts';
import { NO_PAY_REASONS } from '../../src/commissions/types.ts';
import {
  accruals,
  differential,
  executed,
  given,
  inputOf,
  noPay,
  oneLot,
  parkedAs,
  perLotPlan,
  tradeClosed,
  type TradeWords,
  upline,
} from '../support/commission-story.ts';

const filtered = (...filters: NaiveFilter[]) => perLotPlan('7.00', differential(), { filters });
const judged = (filter: NaiveFilter, words: TradeWords) =>
  given(filtered(filter), upline('7.00')).when(tradeClosed(words));
const paid = accruals({ 'IB 1': '7.00' });

describe('minimum movement: |close - open| >= 2.5 x spread at the close', () => {
  const at = (openPrice: string, closePrice: string, closeBid = '1.10000', closeAsk = '1.10012') =>
    executed({ openPrice, closePrice, closeBid, closeAsk });
  it.each([
    { what: 'of exactly 2.5 spreads is paid', execution: at('1.09970', '1.10000'), pays: true },
    { what: 'of a point less is refused', execution: at('1.09971', '1.10000'), pays: false },
    { what: 'downward counts as upward', execution: at('1.10030', '1.10000'), pays: true },
    { what: 'downward of a point less is refused', execution: at('1.10029', '1.10000'), pays: false },
    { what: 'of nothing is paid where the spread is negative', execution: at('1.1', '1.1', '1.2', '1.1'), pays: true },
    { what: 'of nothing is paid where there is no spread', execution: at('1.1', '1.1', '1.1', '1.1'), pays: true },
  ])('a movement $what', ({ execution, pays }) =>
    judged({ kind: 'minimum_movement', spreads: '2.5' }, { execution }).gives(
      pays ? paid : noPay('movement_below_minimum'),
    ),
  );

  it.each([
    { what: 'the open', execution: executed({ closePrice: '1.1', closeBid: '1.1', closeAsk: '1.1' }), code: 'open' },
    { what: 'an ask', execution: executed({ openPrice: '1.1', closePrice: '1.1', closeBid: '1.1' }), code: 'price' },
    { what: 'everything', execution: undefined, code: 'price' },
  ])('a trade of which $what is not known waits', ({ execution, code }) =>
    judged({ kind: 'minimum_movement', spreads: '2.5' }, { execution }).gives(parkedAs(`commissions.${code}_unknown`)),
  );
});

describe('a list lets pass what it names, or all else', () => {
  const carriedOut = (words: Partial<NaiveExecution>) => ({ execution: executed(words) });
  const list = (kind: NaiveList['kind'], mode: 'allow' | 'deny', ...names: string[]): NaiveFilter => ({
    kind,
    mode,
    list: names,
  });
  it.each([
    { filter: list('symbol', 'allow', 'EURUSD', 'XAUUSD'), words: {}, pays: true },
    { filter: list('symbol', 'allow', 'XAUUSD'), words: {}, pays: false },
    { filter: list('symbol', 'deny', 'EURUSD'), words: {}, pays: false },
    { filter: list('symbol', 'deny', 'XAUUSD'), words: {}, pays: true },
    { filter: list('symbol_group', 'allow', 'majors'), words: {}, pays: true },
    { filter: list('symbol_group', 'deny', 'majors'), words: {}, pays: false },
    { filter: list('account_group', 'allow', 'standard'), words: {}, pays: true },
    { filter: list('account_group', 'deny', 'standard'), words: {}, pays: false },
    { filter: list('account_group', 'allow', 'cent'), words: { accountGroup: 'cent' }, pays: true },
    { filter: list('side', 'allow', 'buy'), words: carriedOut({ side: 'buy' }), pays: true },
    { filter: list('side', 'allow', 'buy'), words: carriedOut({ side: 'sell' }), pays: false },
    { filter: list('side', 'deny', 'buy'), words: carriedOut({ side: 'buy' }), pays: false },
    { filter: list('channel', 'allow', 'direct'), words: carriedOut({ channel: '' }), pays: true },
    { filter: list('channel', 'allow', 'referral'), words: carriedOut({ channel: '' }), pays: false },
    { filter: list('channel', 'allow', 'referral'), words: carriedOut({ channel: '7HX2M4Q9TZ' }), pays: true },
    { filter: list('channel', 'allow', '7HX2M4Q9TZ'), words: carriedOut({ channel: '7HX2M4Q9TZ' }), pays: true },
    { filter: list('channel', 'deny', '7HX2M4Q9TZ'), words: carriedOut({ channel: '7HX2M4Q9TZ' }), pays: false },
    { filter: list('channel', 'deny', 'direct'), words: carriedOut({ channel: '7HX2M4Q9TZ' }), pays: true },
    { filter: list('open_reason', 'allow', 'client', 'web'), words: carriedOut({ openReason: 'web' }), pays: true },
    { filter: list('open_reason', 'deny', 'expert'), words: carriedOut({ openReason: 'expert' }), pays: false },
    { filter: list('open_reason', 'deny', 'expert'), words: carriedOut({ openReason: 'mobile' }), pays: true },
  ])('$filter.kind $filter.mode $filter.list of $words: paid is $pays', ({ filter, words, pays }) =>
    judged(filter, words).gives(pays ? paid : noPay(`${filter.kind}_excluded`)),
  );

  it.each([
    { filter: list('side', 'allow', 'buy'), words: {}, code: 'commissions.price_unknown' },
    { filter: list('channel', 'allow', 'direct'), words: carriedOut({}), code: 'commissions.price_unknown' },
    {
      filter: list('open_reason', 'deny', 'expert'),
      words: { ...carriedOut({}), openedAtMs: undefined },
      code: 'commissions.open_unknown',
    },
    {
      filter: list('open_reason', 'deny', 'expert'),
      words: carriedOut({}),
      code: 'commissions.open_reason_unknown',
    },
  ])('a trade of which $filter.kind is not known waits as $code', ({ filter, words, code }) =>
    judged(filter, words).gives(parkedAs(code)),
  );
});

describe('filters', () => {
  it('are judged in their order, and the first that refuses says why', () => {
    const plan = filtered(
      { kind: 'minimum_time_open', seconds: 60 },
      { kind: 'symbol', mode: 'deny', list: ['EURUSD'] },
      { kind: 'account_group', mode: 'deny', list: ['standard'] },
    );
    given(plan, upline('7.00')).when(tradeClosed()).gives(noPay('symbol_excluded'));
    const { steps } = explainTrade(inputOf({ ...oneLot, plan, chain: upline('7.00') }));
    expect(steps.filter(({ step }) => step === 'filter')).toMatchObject([
      { figures: { filter: 'minimum_time_open', heldMs: '3600000', minimumMs: '60000' } },
      { reason: 'symbol_excluded', figures: { filter: 'symbol', symbol: 'EURUSD', mode: 'deny' } },
    ]);
  });

  it('have a sentence for each of their reasons that a partner can read', () => {
    for (const [reason, { sentence }] of Object.entries(NO_PAY_REASONS))
      expect(sentence, reason).toMatch(/^[A-Z].*\.$/);
  });

  it('know every reason with which the platform opens a position, and no other', () => {
    const plan = filtered({ kind: 'open_reason', mode: 'deny', list: [...openReasonNames] });
    expect(PlanDefinition.safeParse(plan).success).toBe(true);
    for (const number of [6, 8, 11, 12, 13, 14, 15, 18, 19, 20])
      expect(openReasonNames).not.toContain(reasonNameOf(number)); // Technical ones earn nothing, and 20 is nobody's.
  });

  it.each([
    { kind: 'symbol', mode: 'allow', list: [] },
    { kind: 'symbol', mode: 'only', list: ['EURUSD'] },
    { kind: 'side', mode: 'allow', list: ['long'] },
    { kind: 'channel', mode: 'allow', list: ['facebook'] },
    { kind: 'open_reason', mode: 'deny', list: ['rollover'] },
    { kind: 'minimum_movement', spreads: '-1' },
    { kind: 'minimum_movement', spreads: '2,5' },
    { kind: 'weather', list: ['rain'] },
  ])('say nothing that they cannot mean: %o', (filter) =>
    expect(PlanDefinition.safeParse(filtered(filter as NaiveFilter)).success).toBe(false),
  );

  it.each([
    { counts: 'open' as const, kind: 'minimum_time_open' as const },
    { counts: 'both' as const, kind: 'minimum_time_open' as const },
    { counts: 'both' as const, kind: 'minimum_movement' as const },
  ])('that look at a close are refused where $counts counts: $kind', ({ counts, kind }) => {
    const filter: NaiveFilter = kind === 'minimum_time_open' ? { kind, seconds: 60 } : { kind, spreads: '2.5' };
    const plan = { ...filtered(filter), counts };
    expect(checkDefinition(PlanDefinition.parse(plan))).toEqual([
      { code: 'commissions.filter_needs_close', detail: `rebate: ${kind}` },
    ]);
  });
});
