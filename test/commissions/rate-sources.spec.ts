import { describe, expect, it } from 'vitest';
import { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { compilePlan, compileTerms } from '../../src/commissions/definitions/rules.ts';
import { lookupFigures, ratesOfSources } from '../../src/commissions/overrides/rules.ts';
import type { NaiveLevels, NaiveTerm } from '../../src/commissions/naive/types.ts';
import type { RateSource } from '../../src/commissions/types.ts';
import { differential, percentages, perLotPlan, rankSlots } from '../support/commission-story.ts';

const planWith = (levels: NaiveLevels) =>
  compilePlan(
    PlanDefinition.parse(
      perLotPlan('0', levels, {
        rules: [
          { name: 'gold', symbol: 'XAUUSD', budget: '20.00' },
          { name: 'nothing', symbol: 'BTCUSD', budget: '0' },
          { name: 'rest', budget: '8.00' },
        ],
      }),
    ),
  );
const sourcesOf = (levels: NaiveLevels, said: Partial<Record<RateSource['kind'], NaiveTerm[]>>) => {
  const plan = planWith(levels);
  const sources = (['link', 'personal', 'group', 'agreement'] as const).flatMap((kind): RateSource[] => {
    const terms = said[kind];
    return terms === undefined ? [] : [{ kind, rates: compileTerms(plan, terms) }];
  });
  return { plan, sources };
};
const usd = (rate: number): bigint => BigInt(rate * 1_000_000);

describe('A rate is that of the first source which has a term for the rule', () => {
  it.each([
    { said: { agreement: [{ rate: '4' }] }, rates: [4, 0, 4] },
    { said: { personal: [{ rate: '5' }], agreement: [{ rate: '4' }] }, rates: [5, 0, 5] },
    // Of gold alone the deal of the link speaks: all else is looked up further.
    { said: { link: [{ rule: 'gold', rate: '12' }], agreement: [{ rate: '4' }] }, rates: [12, 0, 4] },
    {
      said: {
        link: [{ rule: 'gold', rate: '12' }],
        personal: [{ rule: 'rest', rate: '0' }],
        group: [{ rate: '3' }],
        agreement: [{ rate: '4' }],
      },
      rates: [12, 0, 0], // A rate of 0 that is said counts like any other.
    },
    { said: { link: [], group: [{ rule: 'rest', rate: '1.50' }] }, rates: [0, 0, 1.5] },
    { said: { group: [{ component: 'another', rate: '7' }], agreement: [{ rate: '4' }] }, rates: [4, 0, 4] },
  ])('$said gives $rates', ({ said, rates }) => {
    const { sources } = sourcesOf(differential(), said);
    expect(ratesOfSources(sources)).toEqual([rates.map(usd)]);
  });

  it('a rank likewise', () => {
    const levels = rankSlots('percent', '10', '20', '30');
    const { plan, sources } = sourcesOf(levels, { personal: [{ rank: 'gold' }], agreement: [{ rank: 'bronze' }] });
    expect(ratesOfSources(sources)).toEqual([[3n, 3n, 3n]]);
    const [component] = plan.components;
    if (component === undefined) throw new Error('the plan has a component');
    const link = { ibKey: 1, status: 'active' as const, rates: ratesOfSources(sources), sources };
    expect(lookupFigures(link, component, 0, 0, plan.rateDigits)).toEqual({
      lookedUp: 'deal of the client link: none, personal override: gold, group override: none, agreement: bronze',
      rateFrom: 'personal override',
      rate: 'gold',
    });
  });

  it('levels that have no use for rates tell nothing of them; where nobody said any, that is told', () => {
    const none = { ibKey: 1, status: 'active' as const, rates: undefined };
    const [fixed, agreed] = [planWith(percentages('50')), planWith(differential())];
    const of = ({ components: [component], rateDigits }: typeof fixed) =>
      component && lookupFigures(none, component, 0, 0, rateDigits);
    expect(of(fixed)).toEqual({});
    expect(of(agreed)).toEqual({
      lookedUp: 'deal of the client link: none, personal override: none, group override: none, agreement: none',
    });
  });
});
