import { describe, expect, it } from 'vitest';
import { Currency } from '../../src/kernel/currency.ts';
import { parseMoney } from '../../src/kernel/money.ts';
import {
  conversionWay,
  converted,
  itemStep,
  purseOf,
  type Purses,
  runStep,
  settle,
} from '../../src/payouts/runs/rules.ts';
import { itemStates, runStates, type Due, type KeptConversion } from '../../src/payouts/runs/types.ts';
import type { Party } from '../../src/payouts/types.ts';
import type { PayoutItemId } from '../../src/kernel/ids.ts';

const code = (text: string): Currency => Currency.parse(text);
const units = (amount: string, currency: string): bigint =>
  parseMoney({ amount, currency: code(currency) }, 'ledger').units;

/** A way by quotations (base, quote, rate). */
const way = (from: string, to: string, ...rows: [string, string, string][]): KeptConversion => ({
  from,
  to,
  rows: rows.map(([base, quote, rate], place) => ({
    key: String(place + 1),
    base,
    quote,
    rate,
    source: 'ecb',
    at: '2026-03-10T15:00:00.000Z',
    ageMs: 3_600_000,
  })),
});

describe('The change to the currency of a wallet', () => {
  it.each([
    ['by a direct rate', '100.00 EUR', [['EUR', 'USD', '1.0841']], '108.41 USD'],
    ['by an inverse rate', '108.41 USD', [['EUR', 'USD', '1.0841']], '100.00 EUR'],
    [
      'by a cross',
      '100.00 USD',
      [
        ['EUR', 'USD', '1.25'],
        ['EUR', 'JPY', '162.50'],
      ],
      '13000 JPY',
    ],
    ['down at less than half', '1.00 EUR', [['EUR', 'USD', '1.0849']], '1.08 USD'],
    ['half to the even one below', '1.00 EUR', [['EUR', 'USD', '1.085']], '1.08 USD'],
    ['half to the even one above', '1.00 EUR', [['EUR', 'USD', '1.095']], '1.10 USD'],
    ['to yen, which have no minor unit', '0.01 USD', [['USD', 'JPY', '150']], '2 JPY'],
    ['to dinars, which have three', '10.00 USD', [['USD', 'KWD', '0.30765']], '3.076 KWD'],
    ['to bitcoin, which has eight', '10.00 USD', [['BTC', 'USD', '64000']], '0.00015625 BTC'],
    ['from yen', '1000 JPY', [['USD', 'JPY', '151.37']], '6.61 USD'],
  ] as [string, string, [string, string, string][], string][])('rounds %s: %s', (_how, given, rows, expected) => {
    const [[amount = '', from = ''], [right = '', to = '']] = [given.split(' '), expected.split(' ')];
    const result = converted(units(amount, from), code(from), code(to), way(from, to, ...rows));
    expect(result).toBe(units(right, to));
  });
});

describe('What becomes of the statements of a run', () => {
  const kim: Party = { kind: 'ib', key: 1 };
  type Words = { party?: Party; wallet?: string; currency?: string; isOnHold?: boolean };
  const due = (key: bigint, amount: string, words: Words = {}): Due => {
    const currency = code(words.currency ?? 'USD');
    return {
      key,
      id: `item ${key}` as PayoutItemId,
      statementKey: key,
      party: words.party ?? kim,
      currency,
      payableUnits: units(amount, currency),
      walletCurrency: code(words.wallet ?? currency),
      isOnHold: words.isOnHold ?? false,
    };
  };
  const purses = (free: string, more: Partial<Purses> = {}): Purses => ({
    free: new Map([[purseOf(kim, code('USD')), units(free, 'USD')]]),
    disputed: new Set(),
    conversions: new Map(),
    rateAgeMsMax: 3_600_000,
    ...more,
  });
  const outcomes = (dues: readonly Due[], given: Purses) =>
    settle(dues, given).map((each) => (each.kind === 'paid' ? each.walletUnits : each.code));
  const euros = (ageMs: number) => {
    const found = way('USD', 'EUR', ['EUR', 'USD', '1.25']);
    return new Map([
      [conversionWay(code('USD'), code('EUR')), { ...found, rows: found.rows.map((row) => ({ ...row, ageMs })) }],
    ]);
  };

  it('each is paid whole while it is free, the oldest first, and the others wait', () => {
    expect(outcomes([due(1n, '5.00'), due(2n, '5.00'), due(3n, '1.00')], purses('6.50'))).toEqual([
      5_000_000n,
      'not_free',
      1_000_000n,
    ]);
    expect(outcomes([due(1n, '5.00', { party: { kind: 'client', key: 1 } })], purses('6.50'))).toEqual(['not_free']);
    expect(outcomes([due(1n, '0.01')], purses('-3.00'))).toEqual(['not_free']);
  });

  it('one of a beneficiary that is on hold by now waits', () => {
    expect(outcomes([due(1n, '5.00', { isOnHold: true })], purses('6.00'))).toEqual(['on_hold']);
  });

  it('one that would pay a disputed line waits, and takes nothing from the others', () => {
    const given = purses('6.00', { disputed: new Set([1n]) });
    expect(outcomes([due(1n, '5.00'), due(2n, '6.00')], given)).toEqual(['line_disputed', 6_000_000n]);
  });

  it('one of another currency needs a rate that is fresh, and comes to at least the smallest amount', () => {
    const toEuros = due(1n, '5.00', { wallet: 'EUR' });
    expect(outcomes([toEuros], purses('6.00'))).toEqual(['rate_missing']);
    expect(outcomes([toEuros], purses('6.00', { conversions: euros(3_600_001) }))).toEqual(['rate_stale']);
    expect(outcomes([toEuros], purses('6.00', { conversions: euros(3_600_000) }))).toEqual([4_000_000n]);
    const conversions = new Map([[conversionWay(code('USD'), code('JPY')), way('USD', 'JPY', ['USD', 'JPY', '50'])]]);
    expect(outcomes([due(1n, '0.01', { wallet: 'JPY' })], purses('6.00', { conversions }))).toEqual([
      'below_minor_unit',
    ]);
  });
});

describe('The lifecycle', () => {
  it('of a run ends in one of three states, and nothing leads out of them', () => {
    for (const state of ['paid', 'partly', 'cancelled'] as const)
      for (const event of ['submit', 'recall', 'approve', 'cancel', 'end_paid', 'end_partly'] as const)
        expect(runStep(state, event)).toBeUndefined();
    expect(runStep('draft', 'approve')).toBeUndefined();
    expect(runStep('posting', 'cancel')).toBeUndefined();
    expect(runStates.filter((state) => runStep(state, 'approve') !== undefined)).toEqual(['submitted']);
  });

  it('of an item never leads on from what was paid', () => {
    for (const event of ['hold', 'release', 'remove', 'add', 'pay', 'refuse'] as const)
      expect([itemStep('paid', event), itemStep('unpaid', event)]).toEqual([undefined, undefined]);
    expect(itemStates.filter((state) => itemStep(state, 'pay') !== undefined)).toEqual(['included']);
  });
});
