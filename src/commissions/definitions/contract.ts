import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { AdjusterSettings } from '../adjusters/index.ts';
import { NameText, PercentText, RateText } from '../contract.ts';
import { FilterSettings } from '../filters/index.ts';
import { LevelSettings } from '../levels/index.ts';
import { ModelSettings } from '../models/index.ts';
import { PeriodComponent } from '../periods/contract.ts';

const MatchText = z.string().min(1).max(64);

/** A rate for the trades that meet all that it names; one that names nothing is for every trade. */
const RateRule = z.strictObject({
  name: NameText,
  symbol: MatchText.optional(),
  symbolGroup: MatchText.optional(),
  accountGroup: MatchText.optional(),
  /** What a trade earns in all, in plan currency by the unit of the model (per lot: for one lot). */
  budget: RateText,
});

/** One way in which a plan pays: a model, who shares it, at which rates, for which trades. */
export const PlanComponent = z.strictObject({
  name: NameText,
  model: ModelSettings,
  levels: LevelSettings,
  /** The first rule that matches a trade wins. A trade that none matches pays nothing and raises an exception. */
  rules: z.array(RateRule).min(1).max(1000),
  /** The share of the direct IB's own part that goes back to the client. */
  traderRebate: PercentText.default('0'),
  /** A trade must pass all of them, in this order. */
  filters: z.array(FilterSettings).max(20).default([]),
  /** What reduces the amount before it is shared: volume rule, clamp, coefficient, tier and caps, always in this order. */
  adjusters: z.array(AdjusterSettings).max(20).optional(),
});
export type PlanComponent = z.infer<typeof PlanComponent>;

/** What a plan version says, as it is stored and published. */
export const PlanDefinition = z
  .strictObject({
    currency: Currency,
    rateAgeHoursMax: z
      .int()
      .min(1)
      .max(8_784)
      .optional()
      .meta({ description: 'How old a rate may be that a trade is converted by; 120 hours unless given.' }),
    counts: z.enum(['close', 'open', 'both']).optional().meta({
      description: 'Which deals count as trades: those that close volume (unless given), that open it, or both.',
    }),
    asOf: z.enum(['close', 'open']).optional().meta({
      description:
        'As of which instant tree, plan, symbol and rates are taken: the close of a trade unless given, or its open.',
    }),
    components: z.array(PlanComponent).max(20).meta({ description: 'How trades earn; empty where none does.' }),
    periods: z.array(PeriodComponent).min(1).max(10).optional().meta({
      description: 'What is earned by no single trade: CPA, shares of net revenue and of net loss.',
    }),
  })
  .meta({
    id: 'PlanDefinition',
    description: 'What a version of a plan says: how trades earn, and who shares it.',
    examples: [
      {
        currency: 'USD',
        components: [
          {
            name: 'lots',
            model: { kind: 'per_lot' },
            levels: { kind: 'differential', suspension: 'roll-up' },
            rules: [
              { name: 'gold', symbolGroup: 'metals', budget: '12.00' },
              { name: 'everything', budget: '8.00' },
            ],
            traderRebate: '10',
            filters: [],
          },
        ],
      },
    ],
  });
export type PlanDefinition = z.infer<typeof PlanDefinition>;

/**
 * An IB's own rates under a plan, in the unit of the plan's rates. For each rule of each component the first term wins that
 * names it, or names nothing: `[{"rate":"4.00"}]` is one rate for everything; `[{"rule":"gold","rate":"10"},{"rate":"4"}]`
 * makes an exception of gold. A rule without a term has the rate 0. Where the levels of a component are rank slots a term
 * gives the IB's rank instead.
 */
export const AgreementTerms = z
  .array(
    z.union([
      z.strictObject({ component: NameText.optional(), rule: NameText.optional(), rate: RateText }),
      z.strictObject({ component: NameText.optional(), rank: NameText }),
    ]),
  )
  .max(1000)
  .meta({
    id: 'AgreementTerms',
    description:
      'The own rates of an IB under a plan; for each rule the first term wins that names it or names nothing. Where levels ' +
      'are rank slots a term gives the rank instead.',
    examples: [[{ rule: 'gold', rate: '10.00' }, { rate: '4.00' }]],
  });
export type AgreementTerms = z.infer<typeof AgreementTerms>;
