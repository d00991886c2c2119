import type { AgreementTerms } from '../definitions/contract.ts';
import type { AppliedRates, RefusalCode } from '../types.ts';

/** What lint finds besides what forbids a plan: how much it matters, and what it is. */
export const LINT_FINDINGS = {
  currency_unreachable: { severity: 'error', title: 'No published rate leads to the currencies that the plan needs' },
  symbol_unmatched: {
    severity: 'warning',
    title: 'Registered symbols earn nothing: no rule of any component names them',
  },
  component_unmatched: { severity: 'note', title: 'A component has no rule for some registered symbols' },
  rule_shadowed: { severity: 'warning', title: 'A rule never wins: one before it takes all that it names' },
  rule_matches_nothing: { severity: 'warning', title: 'A rule names no registered symbol and account group' },
  no_agreement: { severity: 'warning', title: 'Levels are paid by agreed rates, and nobody has agreed upon any' },
  shares_above_100: { severity: 'warning', title: 'Components together pay more than all of what they share' },
  budget_zero: { severity: 'note', title: 'The budget of a rule is 0: what it names earns nothing' },
  rate_missing: {
    severity: 'warning',
    title: 'Trades would wait: no rate is known between currencies that the plan needs',
  },
  rate_stale: { severity: 'warning', title: 'Trades would wait: a rate that the plan needs is older than it allows' },
  base_currency_missing: { severity: 'warning', title: 'Trades would wait: a symbol does not say its base currency' },
  pairs_cut: { severity: 'note', title: 'More symbols and account groups are registered than are looked at' },
  period_cost: { severity: 'note', title: 'What a component that pays by the period or the client costs at most' },
  period_never_pays: {
    severity: 'warning',
    title: 'A ladder, a gate or a part of what is paid by the period can never be met',
  },
} as const;
export type LintCode = keyof typeof LINT_FINDINGS;

/** One thing that lint has to say of a version. */
export type LintFinding = {
  readonly severity: 'error' | 'warning' | 'note';
  /** Of an error the code of the problem by which the publication is refused. */
  readonly code: LintCode | RefusalCode | 'commissions.versions_overlap' | 'commissions.version_backdated';
  /** Where, for example `components[lots].rules[gold]`; empty for the plan as a whole. */
  readonly place: string;
  readonly sentence: string;
  readonly figures: Readonly<Record<string, string>>;
};

/** A registered symbol, as it is now. */
export type LintedSymbol = {
  readonly serverKey: number;
  readonly symbol: string;
  readonly symbolGroup: string;
  readonly contractSize: string;
  readonly pipSize: string;
  readonly digits: number;
  readonly profitCurrency: string;
  readonly baseCurrency: string | undefined;
};

/** An account group that is paid. */
export type LintedGroup = { readonly serverKey: number; readonly name: string; readonly lotFactor: string };

/** A currency to be had from another one now; undefined rates where there is no way. */
export type RateKnown = { readonly from: string; readonly to: string; readonly rates: AppliedRates | undefined };

/** What a version is held against. */
export type LintWorld = {
  readonly symbols: readonly LintedSymbol[];
  readonly groups: readonly LintedGroup[];
  /** Currencies of accounts. */
  readonly depositCurrencies: readonly string[];
  readonly rates: readonly RateKnown[];
  /** The different terms in force under the plan, agreements and overrides alike. */
  readonly terms: readonly AgreementTerms[];
};

/** What one component pays for a kind of trade at most. */
export type WorstPart = {
  readonly component: string;
  /** Null where no rule matches. */
  readonly rule: string | null;
  readonly budget: string | null;
  readonly unit: string;
  /** What levels and clients get of the earning at most, in percent: the highest agreed rates, all levels, the best tier. */
  readonly paidPercentMax: string | null;
};

/** Registered symbols and account types to which the same rules apply, and what the plan pays there at most. */
export type WorstCase = {
  readonly pairs: number;
  readonly examples: readonly { readonly symbol: string; readonly accountGroup: string; readonly lotFactor: string }[];
  readonly parts: readonly WorstPart[];
  /** What all components earn together, and pay at most, by unit. */
  readonly totals: readonly { readonly unit: string; readonly budget: string; readonly paidMax: string }[];
};

/** All that lint says of a version. */
export type Lint = {
  readonly findings: readonly LintFinding[];
  readonly worstCases: readonly WorstCase[];
  readonly pairs: number;
};
