import { describe, expect, it } from 'vitest';
import { AgreementTerms, PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { lintDefinition } from '../../src/commissions/lint/findings.ts';

const percentages = (...levels: string[]) => ({ kind: 'fixed_by_level', unit: 'percent', levels });
const lint = (model: object, more: object = {}, terms: readonly object[] = []) => {
  const periods = [{ name: 'one', model, levels: percentages('60', '20'), ...more }];
  const definition = PlanDefinition.parse({ currency: 'USD', components: [], periods });
  return lintDefinition(definition, {
    symbols: [],
    groups: [],
    depositCurrencies: [],
    rates: [],
    terms: terms.map((each) => AgreementTerms.parse([each])),
  }).findings;
};
const ladder = (...steps: [deposits: string, pays: string][]) => ({
  steps: steps.map(([deposits, pays]) => ({ deposits, pays })),
});
const cpa = (more: object = {}) => ({ kind: 'cpa', tables: [ladder(['200', '60'], ['1000', '150'])], ...more });
const revenue = (more: object = {}) => ({ kind: 'net_revenue', period: 'month', share: '30', ...more });

describe('What is paid by the period, looked over before it is published', () => {
  it.each<[string, object, object, readonly object[], readonly [earned: string, paid: string]]>([
    ['30 % of net revenue, of which 80 % are paid', revenue(), {}, [], ['30', '24']],
    ['half of it in a hybrid plan', revenue(), { part: '50' }, [], ['15', '12']],
    ['a net loss of 25 %', { kind: 'net_loss', period: 'month', share: '25', carryOver: true }, {}, [], ['25', '20']],
    ['60 for 200 is the dearest step', cpa(), {}, [], ['30', '24']],
    [
      'by the highest agreed rate',
      revenue(),
      { levels: { kind: 'differential', suspension: 'roll-up' } },
      [{ rate: '40' }, { rate: '70' }],
      ['30', '21'],
    ],
  ])('says what it costs at most: %s', (_what, model, more, terms, [earnedPercentMax, paidPercentMax]) => {
    const cost = lint(model, more, terms).find(({ code }) => code === 'period_cost');
    expect(cost).toMatchObject({
      severity: 'note',
      place: 'periods[one]',
      figures: { earnedPercentMax, paidPercentMax },
    });
    expect(cost?.sentence).toContain(`one costs up to ${paidPercentMax} % of a client's `);
  });

  it.each<[string, object, object, string]>([
    [
      'a table behind one for everybody',
      cpa({ tables: [ladder(['200', '60']), ladder(['1', '5'])] }),
      {},
      '.tables[1]',
    ],
    [
      'a table of countries that are named before',
      cpa({
        tables: [
          { countries: ['DE', 'FR'], ...ladder(['200', '60']) },
          { countries: ['FR'], ...ladder(['1', '5']) },
        ],
      }),
      {},
      '.tables[1]',
    ],
    [
      'more days of trading than there are',
      cpa({ gates: { tradingDays: 12, withinDays: 10 } }),
      {},
      '.gates.tradingDays',
    ],
    [
      'first deposits that may come too late',
      cpa({ gates: { firstDeposits: { hours: 100, atLeast: '5' }, withinDays: 3 } }),
      {},
      '.gates.firstDeposits',
    ],
    ['a step that pays nothing', cpa({ tables: [ladder(['200', '0'])] }), {}, '.tables[0]'],
    ['a part of 0', revenue(), { part: '0' }, ''],
    ['a share of 0', revenue({ share: '0' }), {}, ''],
    ['costs alone', revenue({ parts: ['rebates', 'bonuses'] }), {}, ''],
  ])('warns of what can never be met: %s', (_what, model, more, place) => {
    const never = lint(model, more).filter(({ code }) => code === 'period_never_pays');
    expect(never.map((finding) => [finding.severity, finding.place])).toEqual([['warning', `periods[one]${place}`]]);
  });

  it('says nothing of the kind where all can be met', () => {
    const gates = { firstDeposits: { hours: 72, atLeast: '200' }, lots: '2', tradingDays: 11, withinDays: 10 };
    const tables = [{ countries: ['DE'], ...ladder(['200', '60']) }, ladder(['1', '5'])];
    expect(lint(cpa({ gates, tables })).filter(({ code }) => code === 'period_never_pays')).toEqual([]);
  });
});
