import { currenciesOfAccounts } from '../../clients/index.ts';
import type { PlanId } from '../../kernel/ids.ts';
import type { Problem } from '../../kernel/problem.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { conversionsOf, registeredNow } from '../../trading/index.ts';
import type { AgreementTerms, PlanDefinition } from '../definitions/contract.ts';
import { refusalProblem } from '../errors.ts';
import { planProblem } from '../plans/errors.ts';
import { newestVersions, readConfiguration } from '../plans/queries.ts';
import { checkDefinition } from '../plans/rules.ts';
import { dateFaultOf, planOfId, termsUnder, versionOf } from '../plans/service.ts';
import type { Refusal, RefusalCode } from '../types.ts';
import { lintDefinition } from './findings.ts';
import { refused } from './rules.ts';
import type { Lint, LintFinding, LintWorld, RateKnown } from './types.ts';

/** A version to be looked at, and since when it is to hold: now unless given. */
export type Linted = { readonly planId: PlanId; readonly number: number; readonly validFrom?: Date | undefined };

/**
 * Looks a version over: what forbids its publication, and what whoever publishes it should know. Of a draft also whether it could
 * begin at the instant given. What is refused for its form has no worst cases.
 */
export async function lintVersion(tx: TenantTx, { planId, number, validFrom }: Linted): Promise<Lint> {
  const plan = await planOfId(tx, planId);
  const { definition, publishedAt, validFrom: since } = await versionOf(tx, plan, number);
  const { now } = onlyRow(await readConfiguration(tx, {}));
  const from = since ?? validFrom ?? now;
  const dates = publishedAt === null ? datesOf(await newestVersions(tx, { planKey: plan.key }), from, now) : [];
  const terms = await termsUnder(tx, plan.key, from);
  const refusals = checkDefinition(definition, terms);
  if (refusals.length > 0) return { findings: [...dates, ...refused(refusals)], worstCases: [], pairs: 0 };
  const lint = lintDefinition(
    definition,
    await worldOf(
      tx,
      definition,
      terms.map((each) => each.terms),
      now,
    ),
  );
  return { ...lint, findings: [...dates, ...lint.findings] };
}

function datesOf(versions: readonly { readonly validFrom: Date | null }[], from: Date, now: Date): LintFinding[] {
  const code = dateFaultOf(versions, from, now);
  if (code === undefined) return [];
  const sentence =
    code === 'commissions.versions_overlap'
      ? 'Another version of the plan holds from that time on, or begins later.'
      : 'A further version of a plan holds from now on or later.';
  return [{ severity: 'error', code, place: 'validFrom', sentence, figures: { validFrom: from.toISOString() } }];
}

/** What a definition is held against: symbols, groups and currencies as they are now, and the rates between those. */
async function worldOf(
  tx: TenantTx,
  { currency }: PlanDefinition,
  terms: readonly AgreementTerms[],
  now: Date,
): Promise<LintWorld> {
  const { symbols, groups } = await registeredNow(tx);
  const depositCurrencies = await currenciesOfAccounts(tx);
  const pairs = new Map<string, { from: string; to: string }>();
  const wish = (from: string | undefined, to: string): void => {
    if (from !== undefined && from !== to) pairs.set(`${from} ${to}`, { from, to });
  };
  for (const { profitCurrency, baseCurrency } of symbols) {
    wish(profitCurrency, currency);
    wish(baseCurrency, NOTIONAL);
  }
  for (const deposit of depositCurrencies) wish(deposit, currency);
  const wishes = [...pairs.values()];
  const found = await conversionsOf(
    tx,
    wishes.map((each) => ({ ...each, at: now })),
  );
  const rates = wishes.map((each, place): RateKnown => ({ ...each, rates: found[place] }));
  return { symbols, groups, depositCurrencies, rates, terms };
}

const NOTIONAL = 'USD';

/** What a second person is to know before he agrees, without figures that change by the minute. */
export const warningsOf = ({ findings }: Lint): { code: string; place: string; sentence: string }[] =>
  findings
    .filter(({ severity }) => severity === 'warning')
    .map(({ code, place, sentence }) => ({ code, place, sentence }));

/** The problem by which a version with errors is refused; undefined where it has none. */
export function problemOf({ findings }: Lint): Problem | undefined {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const [first, ...more] = errors;
  if (first === undefined) return undefined;
  const { code, sentence: detail } = first;
  if (code === 'currency_unreachable') return planProblem('commissions.currency_unreachable', { detail });
  if (code === 'commissions.versions_overlap' || code === 'commissions.version_backdated')
    return planProblem(code, { detail });
  const refusalOf = (finding: LintFinding): Refusal => ({
    code: finding.code as RefusalCode,
    detail: finding.sentence,
  });
  return refusalProblem([refusalOf(first), ...more.map(refusalOf)]);
}
