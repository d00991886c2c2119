import type { TenantTx } from '../../platform/tenant-tx.ts';
import { faultOf } from '../awards/rules.ts';
import type { NewAward } from '../awards/types.ts';
import type { LadderStep } from '../periods/types.ts';
import type { PlanBook } from '../plans/store.ts';
import type { ClientInputs } from '../settlements/contract.ts';
import { computeAward } from '../settlements/rules.ts';
import { linksOf, type Place, placesAt } from '../settlements/store.ts';
import type { DueRow, Wait } from '../settlements/types.ts';
import { type Ladder, laddersOfClients } from './store.ts';

type Reached = { readonly ladder: Ladder; readonly step: LadderStep; readonly atMs: number };

/**
 * What clients are to be awarded by models that pay once for ever: each step that is reached and not paid yet, what it adds to
 * the one before. `later` are the clients who reached one since: they stay due. A step counts under the version that is in force for the client at the instant at which it is reached, and is
 * shared up the tree of that instant.
 */
export async function laddersOf(
  tx: TenantTx,
  book: PlanBook,
  due: readonly DueRow[],
  known: { readonly now: Date; readonly knownAt: Date },
): Promise<{ readonly awards: NewAward[]; readonly waits: Wait[]; readonly later: ReadonlySet<number> }> {
  const awards: NewAward[] = [];
  const waits: Wait[] = [];
  const later = new Set<number>();
  const pays = book.payingByPeriod.some(({ plan }) => plan.periods.some(({ model }) => model.over === 'client'));
  if (due.length === 0 || !pays) return { awards, waits, later };
  const rows = new Map(due.map((row) => [row.clientKey, row]));
  const wait = (clientKey: number, component: string, code: string): void => {
    const row = rows.get(clientKey);
    if (row !== undefined) waits.push({ ...row, code, detail: `component ${component}` });
  };
  const { ladders, waiting } = await laddersOfClients(tx, book, [...rows.keys()], {
    atMs: known.now.getTime(),
    knownAt: known.knownAt,
  });
  for (const { clientKey, component, code } of waiting) wait(clientKey, component, code);
  const all = ladders.flatMap(reachedOn).sort((left, right) => left.atMs - right.atMs);
  const reached = all.filter(({ atMs }) => atMs <= known.now.getTime());
  for (const { ladder, atMs } of all) if (atMs > known.now.getTime()) later.add(ladder.clientKey);
  const asked = reached.map(({ ladder: { clientKey }, atMs }) => ({ clientKey, atMs }));
  const { places } = await placesAt(tx, book, asked, known.knownAt);
  const paid = new Map<string, bigint>();
  const planOf = new Map<number, number>();
  for (const [index, each] of reached.entries()) {
    const place = places[index];
    const { ladder, step } = each;
    const { clientKey, version, component } = ladder;
    const planKey = planOf.get(clientKey) ?? version.planKey;
    if (place?.version?.key !== version.key || planKey !== version.planKey) continue;
    const name = `${clientKey} ${planKey} ${component.name}`;
    const paidUnits = paid.get(name) ?? ladder.paidUnits;
    if (step.paysUnits <= paidUnits) continue;
    const granted = awardOf(book, each, place, paidUnits);
    const code = typeof granted === 'string' ? granted : faultOf(granted, known.now)?.code;
    if (typeof granted === 'string' || code !== undefined) wait(clientKey, component.name, code ?? '');
    else {
      awards.push(granted);
      paid.set(name, step.paysUnits);
      planOf.set(clientKey, version.planKey);
    }
  }
  return { awards, waits, later };
}

const reachedOn = (ladder: Ladder): Reached[] =>
  ladder.progress.steps.flatMap((step) =>
    step.reachedAtMs === undefined || step.paysUnits <= ladder.paidUnits
      ? []
      : [{ ladder, step, atMs: step.reachedAtMs }],
  );

/** The award of a step, or the code for which it waits. */
function awardOf(book: PlanBook, { ladder, step, atMs }: Reached, place: Place, paidUnits: bigint): NewAward | string {
  const { clientKey, version, component } = ladder;
  const inputs: ClientInputs = {
    over: 'client',
    component: component.name,
    asOf: new Date(atMs).toISOString(),
    country: ladder.country ?? null,
    deposits: ladder.deposits
      .filter(({ operation }) => operation.at.getTime() <= atMs)
      .map(({ operation: { at, amount, currency }, units, rates }) => ({
        at: at.toISOString(),
        amount,
        currency,
        units: String(units),
        ...(rates !== undefined && { rates }),
      })),
    gates: ladder.progress.gates.map(({ openSinceMs, ...gate }) => ({
      ...gate,
      openSince: openSinceMs === undefined ? null : new Date(openSinceMs).toISOString(),
    })),
    step: { depositUnits: String(step.depositUnits), paysUnits: String(step.paysUnits) },
    paidBeforeUnits: String(paidUnits),
  };
  const chain = linksOf(book, place, version, clientKey);
  const computed = computeAward({ component, plan: version.plan, chain, clientKey, inputs });
  if (typeof computed === 'string') return computed;
  return {
    ...computed.now,
    kind: component.kind,
    planVersionKey: version.key,
    component: component.place,
    clientKey,
    ibKey: chain[0]?.ibKey ?? null,
    currency: version.plan.currency,
    earnedAt: new Date(atMs),
    inputs,
    once: [component.kind, clientKey, version.planKey, component.name, step.paysUnits].join(' '),
  };
}
