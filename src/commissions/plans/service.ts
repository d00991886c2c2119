import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { PlanId, idFromUuid, newUuid } from '../../kernel/ids.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { countOpens } from '../../trading/index.ts';
import { refusalProblem } from '../errors.ts';
import { AgreementTerms, PlanDefinition } from '../definitions/contract.ts';
import { planProblem } from './errors.ts';
import * as queries from './queries.ts';
import { compilePlan } from '../definitions/rules.ts';
import { checkAgreement, checkDefinition } from './rules.ts';

/** The tenant as a whole, where an assignment names no IB. */
const WHOLE_TENANT = 0;

/** Makes a plan without versions. `commissions.plan_name_taken` where the name is in use. */
export async function createPlan(tx: TenantTx, input: { name: string }): Promise<PlanId> {
  const { now } = onlyRow(await queries.readConfiguration(tx, {}));
  const planId = PlanId.parse(idFromUuid('pln', newUuid(now.getTime())));
  const [row] = await queries.insertPlan(tx, { planId, name: input.name });
  if (row === undefined) throw planProblem('commissions.plan_name_taken', { detail: input.name });
  emit(tx, {
    stream: `plan/${planId}`,
    type: 'commissions.plan_created',
    schemaVersion: 1,
    payload: { planId, name: input.name },
  });
  return planId;
}

/** A plan by its id; `commissions.plan_unknown`. */
export async function planOfId(tx: TenantTx, id: PlanId) {
  const [plan] = await queries.planOfId(tx, { id });
  if (plan === undefined) throw planProblem('commissions.plan_unknown', { detail: id });
  return plan;
}

type Plan = Awaited<ReturnType<typeof planOfId>>;

/** A version of a plan, draft or published; `commissions.version_unknown`. */
export async function versionOf(tx: TenantTx, plan: Plan, number: number) {
  const [version] = await queries.versionOfNumber(tx, { planKey: plan.key, number });
  if (version === undefined) throw planProblem('commissions.version_unknown', { detail: `version ${number}` });
  return version;
}

/** The version of a plan that holds now; `commissions.version_unknown` where none does. */
export async function versionInForce(tx: TenantTx, plan: Plan) {
  const [version] = await queries.versionInForce(tx, { planKey: plan.key });
  if (version === undefined) throw planProblem('commissions.version_unknown', { detail: 'no version is in force' });
  return version;
}

/**
 * Adds a draft version; gives its number. `commissions.definition_invalid` names each place that is wrong,
 * `commissions.currency_unknown` says that money cannot be kept in its currency.
 */
export async function draftVersion(tx: TenantTx, input: { planId: PlanId; definition: unknown }): Promise<number> {
  const currency = z.object({ currency: z.string() }).safeParse(input.definition).data?.currency ?? '';
  if (!Currency.safeParse(currency).success)
    throw planProblem('commissions.currency_unknown', { detail: currency.slice(0, 20) });
  const definition = PlanDefinition.safeParse(input.definition);
  if (!definition.success)
    throw planProblem('commissions.definition_invalid', {
      detail: definition.error.issues
        .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
        .join('; ')
        .slice(0, 1_000),
    });
  const planKey = await planKeyOf(tx, input.planId);
  if ((definition.data.counts ?? 'close') !== 'close') await countOpens(tx); // Long before it can hold.
  const { number } = onlyRow(await queries.insertVersion(tx, { planKey, definition: JSON.stringify(definition.data) }));
  emit(tx, {
    stream: `plan/${input.planId}`,
    type: 'commissions.version_drafted',
    schemaVersion: 1,
    payload: { planId: input.planId, number },
  });
  return number;
}

/**
 * Publishes a draft from an instant on (default: now, by the database's clock). Only a plan's first version may hold
 * from a time that is past: it says since when the plan has been in use.
 */
export async function publishVersion(tx: TenantTx, input: Publication): Promise<Date> {
  const { now, version } = onlyRow(await queries.bumpConfiguration(tx, {})); // First: it makes publications of a tenant wait for each other.
  const { draft, validFrom } = await publishable(tx, input, now);
  await queries.publishVersionRow(tx, { versionKey: draft.key, validFrom, version });
  const { planId, number } = input;
  const after = { state: 'published', validFrom: validFrom.toISOString() };
  emit(tx, {
    stream: `plan/${planId}`,
    type: 'commissions.version_published',
    schemaVersion: 1,
    payload: { planId, number, validFrom: after.validFrom, before: { state: 'draft' }, after },
  });
  return validFrom;
}

/** Refuses what could not be published at this moment, and changes nothing. */
export async function checkPublication(tx: TenantTx, input: Publication): Promise<void> {
  await publishable(tx, input, onlyRow(await queries.holdConfiguration(tx, {})).now);
}

type Publication = { readonly planId: PlanId; readonly number: number; readonly validFrom?: Date | undefined };

async function publishable(tx: TenantTx, input: Publication, now: Date) {
  const planKey = await planKeyOf(tx, input.planId);
  const versions = await queries.versionsOfPlan(tx, { planKey });
  const draft = versions.find((version) => version.number === input.number);
  if (draft === undefined) throw planProblem('commissions.version_unknown', { detail: `version ${input.number}` });
  if (draft.publishedAt !== null) throw planProblem('commissions.version_published');
  const validFrom = input.validFrom ?? now;
  const fault = dateFaultOf(versions, validFrom, now);
  if (fault !== undefined) throw planProblem(fault);
  const [first, ...more] = checkDefinition(draft.definition, await termsUnder(tx, planKey, validFrom));
  if (first !== undefined) throw refusalProblem([first, ...more]);
  return { draft, validFrom };
}

/** What forbids that a further version holds from an instant on: one that begins then or later, or a time that is past. */
export function dateFaultOf(versions: readonly { readonly validFrom: Date | null }[], validFrom: Date, now: Date) {
  const latest = Math.max(...versions.map((version) => version.validFrom?.getTime() ?? -Infinity));
  if (validFrom.getTime() <= latest) return 'commissions.versions_overlap';
  return latest > -Infinity && validFrom < now ? 'commissions.version_backdated' : undefined;
}

/** The different terms that a version must keep from an instant on, with the words by which a refusal names one who has them. */
export const termsUnder = async (tx: TenantTx, planKey: number, from: Date) =>
  (await queries.termsUnderPlan(tx, { planKey, from })).map(({ whose, terms }) => ({ ib: whose, terms }));

/** Lets a plan hold for all clients below an IB, or for the whole tenant, from an instant on. The nearest assignment wins. */
export async function assignPlan(
  tx: TenantTx,
  input: { planId: PlanId; ibKey?: number; validFrom?: Date },
): Promise<Date> {
  const { now, version } = onlyRow(await queries.bumpConfiguration(tx, {}));
  const planKey = await planKeyOf(tx, input.planId);
  const ibKey = input.ibKey ?? WHOLE_TENANT;
  const validFrom = input.validFrom ?? now;
  const latest = (await queries.assignmentsOfIb(tx, { ibKey })).at(-1);
  if (latest !== undefined && (validFrom < now || validFrom <= latest.validFrom))
    throw planProblem('commissions.assignment_backdated');
  await queries.closeAssignment(tx, { ibKey, at: validFrom });
  await queries.insertAssignment(tx, { ibKey, planKey, validFrom, version });
  emit(tx, {
    stream: `plan/${input.planId}`,
    type: 'commissions.plan_assigned',
    schemaVersion: 1,
    payload: {
      planId: input.planId,
      ibKey,
      validFrom: validFrom.toISOString(),
      before: latest === undefined ? null : { planId: latest.planId, validFrom: latest.validFrom.toISOString() },
      after: { planId: input.planId, validFrom: validFrom.toISOString() },
    },
  });
  return validFrom;
}

/** An IB's own rates under a plan from an instant on. */
export type NewAgreement = { readonly ibKey: number; readonly terms: AgreementTerms; readonly validFrom?: Date };

/**
 * Records agreements under one plan, as a set. Each must keep within the budget of every published version that holds at
 * its start or later. Only an IB's first agreement under the plan may start in the past.
 */
export async function agree(
  tx: TenantTx,
  input: { planId: PlanId; agreements: readonly NewAgreement[] },
): Promise<Date[]> {
  const { now, version } = onlyRow(await queries.bumpConfiguration(tx, {}));
  const planKey = await planKeyOf(tx, input.planId);
  const agreements = input.agreements.map((each) => ({
    ...each,
    terms: AgreementTerms.parse(each.terms),
    validFrom: each.validFrom ?? now,
  }));
  await refuseAboveBudget(tx, planKey, agreements);
  const ibKeys = agreements.map((each) => each.ibKey);
  const latest = new Map((await queries.latestAgreements(tx, { planKey, ibKeys })).map((row) => [row.ibKey, row]));
  for (const { ibKey, validFrom } of agreements) {
    const before = latest.get(ibKey);
    if (before !== undefined && (validFrom < now || validFrom <= before.validFrom))
      throw planProblem('commissions.agreement_backdated', {
        detail: `Asked ${validFrom.toISOString()}, it is ${now.toISOString()}; the one before holds from ${before.validFrom.toISOString()} on`,
      });
  }
  const validFroms = agreements.map((each) => each.validFrom);
  await queries.closeAgreements(tx, { planKey, ibKeys, validFroms });
  await queries.insertAgreements(tx, {
    planKey,
    ibKeys,
    validFroms,
    version,
    terms: agreements.map((each) => JSON.stringify(each.terms)),
  });
  emit(tx, {
    stream: `plan/${input.planId}`,
    type: 'commissions.agreed',
    schemaVersion: 1,
    payload: {
      planId: input.planId,
      agreements: agreements.length,
      ibKeys: ibKeys.slice(0, TOLD_MAX),
      ...(agreements.length <= TOLD_MAX && { before: told([...latest.values()]), after: told(agreements) }),
    },
  });
  return validFroms;
}

/** An event tells the terms of so many agreements; a larger set is an import, and its rows tell. */
const TOLD_MAX = 20;

const told = (agreements: readonly { ibKey: number; terms: AgreementTerms; validFrom: Date }[]) =>
  agreements.map(({ ibKey, terms, validFrom }) => ({
    ibKey,
    validFrom: validFrom.toISOString(),
    terms: termsTold(terms),
  }));

/** Terms as an event tells them. */
export const termsTold = (terms: AgreementTerms) =>
  terms.map(({ component = null, ...term }) =>
    'rank' in term ? { component, rank: term.rank } : { component, rule: term.rule ?? null, rate: term.rate },
  );

/** The plans of a tenant with their versions, a row each; a plan without versions has a row with nulls. */
export const listPlans = (tx: TenantTx) => queries.listPlans(tx, {});

/**
 * Refuses terms that any published version which holds at their start or later does not let pass: rates above a budget, too
 * fine, or for rules that it does not have.
 */
export async function refuseAboveBudget(
  tx: TenantTx,
  planKey: number,
  agreements: readonly { terms: AgreementTerms; validFrom: Date }[],
): Promise<void> {
  const versions = await queries.versionsOfPlan(tx, { planKey });
  const startOf = ({ validFrom }: (typeof versions)[number]): number => validFrom?.getTime() ?? Infinity;
  const published = versions
    .filter((version) => version.publishedAt !== null)
    .sort((left, right) => startOf(left) - startOf(right)); // Drafts are published in any order of their numbers.
  for (const [place, version] of published.entries()) {
    const plan = compilePlan(version.definition);
    const endsAt = published[place + 1]?.validFrom?.getTime() ?? Infinity;
    const different = new Map(
      agreements
        .filter((each) => each.validFrom.getTime() < endsAt)
        .map((each) => [JSON.stringify(each.terms), each.terms]),
    );
    for (const terms of different.values()) {
      const [first, ...more] = checkAgreement(plan, terms);
      if (first !== undefined) throw refusalProblem([first, ...more]);
    }
  }
}

async function planKeyOf(tx: TenantTx, planId: PlanId): Promise<number> {
  const [row] = await queries.planKeyOf(tx, { planId });
  if (row === undefined) throw planProblem('commissions.plan_unknown', { detail: planId });
  return row.key;
}
