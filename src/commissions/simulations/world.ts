import { clientKeyOf, clientUnknown } from '../../clients/index.ts';
import { ibKeys, ibOfId } from '../../ib/index.ts';
import type { IbId } from '../../kernel/ids.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { compilePlan } from '../definitions/rules.ts';
import { commissionProblem, refusalProblem } from '../errors.ts';
import type { TreeReader } from '../inputs/frames.ts';
import type { Terms } from '../inputs/terms.ts';
import { checkDefinition } from '../plans/rules.ts';
import { planOfId, termsUnder, versionOf } from '../plans/service.ts';
import type { PublishedVersion } from '../plans/store.ts';
import { rateUnits } from '../rules.ts';
import { type AssumedBook, openAssumedBook } from './book.ts';
import type { Assumptions, SimulationAsked } from './contract.ts';
import { simulationProblem } from './errors.ts';
import { rangeFault } from './rules.ts';
import { type AssumedTree, assumedTreeReader, refuseCycles, uplinesFor } from './tree.ts';

/** All by which trades are computed once more. */
export type World = {
  readonly range: { readonly from: Date; readonly to: Date };
  readonly book: AssumedBook;
  readonly tree: TreeReader;
  readonly terms: Terms | undefined;
};

/** Reads what is assumed; a Problem where it cannot be: a range, a plan, a version that is refused, an IB, a client, a cycle. */
export async function openWorld(tx: TenantTx, { from, to, assumed, margin }: SimulationAsked): Promise<World> {
  const range = { from: new Date(from), to: new Date(to) };
  const fault = rangeFault(range.from.getTime(), range.to.getTime());
  if (fault !== undefined) throw simulationProblem(`commissions.simulation_range_${fault}`);
  refuseDoubles(assumed);
  const keyOf = await keysOf(tx, assumed);
  const versions = await versionsOf(tx, assumed, range.from);
  const assignments = new Map<number, number>();
  for (const { planId, ibId } of assumed.assignments)
    assignments.set(ibId === null ? 0 : keyOf(ibId), (await planOfId(tx, planId)).key);
  const book = await openAssumedBook(tx, { versions, assignments, readsExecutions: margin });
  const rates = assumed.rates.map(({ ibId, terms }) => ({ ibKey: keyOf(ibId), terms }));
  refuseTooFine(assumed, book.rateDigitsMin);
  const tree = await treeOf(tx, assumed, keyOf);
  const uplineAt = await uplinesFor(tx, tree);
  refuseCycles(tree, uplineAt, [range.from.getTime(), range.to.getTime()]);
  return { range, book, tree: assumedTreeReader(tree, uplineAt), terms: rates.length === 0 ? undefined : { rates } };
}

/** Of two assumptions about one thing nobody could say which one counts. */
function refuseDoubles({ versions, assignments, rates, moves, clients, statuses }: Assumptions): void {
  const lists: Readonly<Record<string, readonly string[]>> = {
    versions: versions.map(({ planId }) => planId),
    assignments: assignments.map(({ ibId }) => ibId ?? 'everybody'),
    rates: rates.map(({ ibId }) => ibId),
    moves: moves.map(({ ibId }) => ibId),
    clients: clients.map(({ clientId }) => clientId),
    statuses: statuses.map(({ ibId }) => ibId),
  };
  for (const [name, ids] of Object.entries(lists)) {
    const twice = ids.find((id, place) => ids.indexOf(id) !== place);
    if (twice !== undefined)
      throw simulationProblem('commissions.simulation_contradicts', { detail: `${name}: ${twice}` });
  }
}

/** The keys of all IBs that are named; `ib.unknown` for one that is not there. */
async function keysOf(
  tx: TenantTx,
  { assignments, rates, moves, clients, statuses }: Assumptions,
): Promise<(id: IbId) => number> {
  const named = [
    ...[...assignments, ...rates, ...moves, ...clients, ...statuses].map(({ ibId }) => ibId),
    ...moves.map(({ parentId }) => parentId),
  ].filter((id) => id !== null);
  const keys = await ibKeys(tx, [...new Set(named)]);
  const missing = named.find((id) => !keys.has(id));
  if (missing !== undefined) await ibOfId(tx, missing); // It says so.
  return (id) => keys.get(id) ?? 0;
}

/** The versions that are assumed, compiled; what could not be published is refused by the same problems. */
async function versionsOf(tx: TenantTx, { versions }: Assumptions, from: Date): Promise<Map<number, PublishedVersion>> {
  const found = new Map<number, PublishedVersion>();
  for (const { planId, number } of versions) {
    const plan = await planOfId(tx, planId);
    const { key, definition } = await versionOf(tx, plan, number);
    const [first, ...more] = checkDefinition(definition, await termsUnder(tx, plan.key, from));
    if (first !== undefined) throw refusalProblem([first, ...more]);
    found.set(plan.key, { key, planKey: plan.key, validFromMs: -Infinity, plan: compilePlan(definition) });
  }
  return found;
}

/** Rates above a budget are what somebody may want to see the breaches of; ones that cannot be written are refused. */
function refuseTooFine({ rates }: Assumptions, digits: number): void {
  if (!Number.isFinite(digits)) return;
  for (const { ibId, terms } of rates)
    for (const term of terms)
      if ('rate' in term && rateUnits(term.rate, digits) === undefined)
        throw commissionProblem('commissions.rate_too_fine', { detail: `${ibId}: ${term.rate}` });
}

const msOf = (from: string | undefined): number => (from === undefined ? -Infinity : Date.parse(from));

async function treeOf(
  tx: TenantTx,
  { moves, clients, statuses }: Assumptions,
  keyOf: (id: IbId) => number,
): Promise<AssumedTree> {
  const ofClients: [number, { ibKey: number | null; fromMs: number }][] = [];
  for (const { clientId, ibId, from } of clients) {
    const key = await clientKeyOf(tx, clientId);
    if (key === null) throw clientUnknown(clientId);
    ofClients.push([key, { ibKey: ibId === null ? null : keyOf(ibId), fromMs: msOf(from) }]);
  }
  return {
    moves: new Map(
      moves.map(({ ibId, parentId, from }) => [
        keyOf(ibId),
        { parentKey: parentId === null ? null : keyOf(parentId), fromMs: msOf(from) },
      ]),
    ),
    clients: new Map(ofClients),
    statuses: new Map(statuses.map(({ ibId, status, from }) => [keyOf(ibId), { status, fromMs: msOf(from) }])),
  };
}
