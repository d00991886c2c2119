import { describe, it } from 'vitest';
import { executed, given, noPay, parkedAs, planOf, tradeClosed, upline, YEN } from '../support/commission-story.ts';

describe('a trade that earns nothing says why', () => {
  it.each([
    { model: { kind: 'profit_share' } as const, execution: { profit: '-50' }, reason: 'no_profit' },
    { model: { kind: 'profit_share' } as const, execution: { profit: '0' }, reason: 'no_profit' },
    {
      model: { kind: 'spread_share' } as const,
      execution: { closeBid: '1.2', closeAsk: '1.1' },
      reason: 'spread_zero',
    },
    { model: { kind: 'commission_share' } as const, execution: { charged: '0' }, reason: 'commission_zero' },
    {
      model: { kind: 'spread_and_commission', spreadShare: '30', commissionShare: '0' } as const,
      execution: { closeBid: '1.1', closeAsk: '1.1', charged: '6' },
      reason: 'nothing_charged',
    },
  ])('$model.kind: $reason', ({ model, execution, reason }) =>
    given(planOf(model, '50'), upline('-'))
      .when(tradeClosed({ execution: executed(execution) }))
      .gives(noPay(reason)),
  );
});

describe('a trade of which something is not known waits', () => {
  it.each([
    {
      what: 'prices at the close',
      model: { kind: 'spread_share' } as const,
      execution: {},
      code: 'commissions.price_unknown',
    },
    {
      what: 'prices at the open',
      model: { kind: 'spread_share', spread: 'mean' } as const,
      execution: { closeBid: '1.1', closeAsk: '1.2' },
      code: 'commissions.price_unknown',
    },
    { what: 'profit', model: { kind: 'profit_share' } as const, execution: {}, code: 'commissions.price_unknown' },
    { what: 'an entry', model: { kind: 'commission_share' } as const, execution: {}, code: 'commissions.open_unknown' },
    {
      what: 'a base currency',
      model: { kind: 'per_million' } as const,
      execution: {},
      code: 'commissions.base_currency_missing',
    },
    {
      what: 'the rate of the base currency',
      model: { kind: 'per_million' } as const,
      execution: { baseCurrency: 'EUR' },
      code: 'commissions.rate_missing',
    },
    { what: 'a rate', model: { kind: 'pips' } as const, execution: YEN, code: 'commissions.rate_missing' },
    {
      what: 'a rate that is not 0',
      model: { kind: 'pips' } as const,
      execution: { ...YEN, rateProfit: '0' },
      code: 'commissions.rate_missing',
    },
    {
      what: 'a rate of its own, for the account is in another currency than the plan',
      model: { kind: 'points' } as const,
      execution: { ...YEN, depositCurrency: 'EUR', rateProfit: '0.0061' },
      code: 'commissions.rate_missing',
    },
    {
      what: 'a rate for the commission',
      model: { kind: 'commission_share' } as const,
      execution: { depositCurrency: 'EUR', charged: '1' },
      code: 'commissions.rate_missing',
    },
  ])('$what', ({ model, execution, code }) =>
    given(planOf(model, '50'), upline('-'))
      .when(tradeClosed({ execution: executed(execution) }))
      .gives(parkedAs(code)),
  );

  it('all of it', () =>
    given(planOf({ kind: 'pips' }, '1'), upline('-'))
      .when(tradeClosed())
      .gives(parkedAs('commissions.price_unknown')));
});
