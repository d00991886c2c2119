import { clientKeys } from '../../clients/index.ts';
import { ClientCostId, idFromUuid, newUuid } from '../../kernel/ids.ts';
import { type Money, parseMoney } from '../../kernel/money.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { commissionProblem } from '../errors.ts';
import { readConfiguration } from '../plans/queries.ts';
import type { CostKind, GivenCost } from './contract.ts';
import * as queries from './queries.ts';

/** What a client cost the house. */
export type NewCost = {
  readonly clientKey: number;
  readonly kind: CostKind;
  /** Above 0 what it cost; below 0 takes back what was recorded before. */
  readonly money: Money;
  /** When it fell: it counts in the period that holds it. */
  readonly at: Date;
  readonly source: string;
  /** What the source calls it: one is recorded once. */
  readonly reference: string;
  readonly reason: string;
};

/**
 * Records what clients cost, with one event. What is recorded already changes nothing, and is counted as known; with another
 * content it is refused: `commissions.cost_different`. `commissions.cost_invalid` for amounts of 0, instants ahead, two of one name, and
 * where more would be taken back than was recorded: a cost below 0 of its own would be an earning that nobody agreed to.
 */
export async function recordCosts(
  tx: TenantTx,
  costs: readonly NewCost[],
): Promise<{ readonly recorded: number; readonly known: number }> {
  const { now } = onlyRow(await readConfiguration(tx, {}));
  mustBeSound(costs, now);
  const takenBack = costs.filter(({ money }) => money.units < 0n);
  if (takenBack.length > 0) await queries.holdCosts(tx, {});
  const nowMs = Date.now();
  const rows = await queries.insertCosts(tx, {
    recordedBy: tx.origin.actor,
    ids: costs.map(() => ClientCostId.parse(idFromUuid('cco', newUuid(nowMs)))),
    clientKeys: costs.map(({ clientKey }) => clientKey),
    kinds: costs.map(({ kind }) => kind),
    currencies: costs.map(({ money }) => money.currency),
    units: costs.map(({ money }) => money.units),
    ats: costs.map(({ at }) => at),
    sources: costs.map(({ source }) => source),
    references: costs.map(({ reference }) => reference),
    reasons: costs.map(({ reason }) => reason),
  });
  if (rows.length < costs.length) await mustBeTheSame(tx, costs);
  await mustBeRecordedBefore(tx, takenBack);
  if (rows.length > 0)
    emit(tx, {
      stream: 'client_costs',
      type: 'commissions.costs_recorded',
      schemaVersion: 1,
      payload: { ids: rows.map(({ id }) => id), sources: [...new Set(costs.map(({ source }) => source))] },
    });
  return { recorded: rows.length, known: costs.length - rows.length };
}

const nameOf = ({ source, reference }: { readonly source: string; readonly reference: string }): string =>
  JSON.stringify([source, reference]);

function mustBeSound(costs: readonly NewCost[], now: Date): void {
  const invalid = (detail: string) => commissionProblem('commissions.cost_invalid', { detail });
  const names = new Set<string>();
  for (const cost of costs) {
    const { money, at, reference } = cost;
    if (money.units === 0n) throw invalid(`${reference}: the amount is 0`);
    if (at > now) throw invalid(`${reference}: ${at.toISOString()} lies ahead`);
    if (names.has(nameOf(cost))) throw invalid(`${reference} is named twice`);
    names.add(nameOf(cost));
  }
}

/** What is taken back was recorded before: of a client's costs of a kind and currency never less than nothing is left. */
async function mustBeRecordedBefore(tx: TenantTx, takenBack: readonly NewCost[]): Promise<void> {
  if (takenBack.length === 0) return;
  const clientKeys = [...new Set(takenBack.map(({ clientKey }) => clientKey))];
  const [beyond] = await queries.costsTakenBackBeyond(tx, { clientKeys });
  if (beyond === undefined) return;
  const named = takenBack.find(({ clientKey }) => clientKey === beyond.clientKey)?.reference ?? '';
  throw commissionProblem('commissions.cost_invalid', {
    detail: `${named}: more ${beyond.kind} in ${beyond.currency} would be taken back than was recorded of the client`,
  });
}

async function mustBeTheSame(tx: TenantTx, costs: readonly NewCost[]): Promise<void> {
  const stored = await queries.costsNamed(tx, {
    sources: costs.map(({ source }) => source),
    references: costs.map(({ reference }) => reference),
  });
  const known = new Map(stored.map((row) => [nameOf(row), row]));
  for (const cost of costs) {
    const row = known.get(nameOf(cost));
    const same =
      row?.clientKey === cost.clientKey &&
      row.kind === cost.kind &&
      row.currency === cost.money.currency &&
      row.units === cost.money.units &&
      row.at.getTime() === cost.at.getTime();
    if (!same)
      throw commissionProblem('commissions.cost_different', {
        detail: `${cost.reference} of ${cost.source}`,
        reference: cost.reference,
      });
  }
}

/** `recordCosts` of costs as people and files give them; `clients.client_unknown`, `money.too_fine`. */
export async function recordGiven(
  tx: TenantTx,
  costs: readonly GivenCost[],
): Promise<{ readonly recorded: number; readonly known: number }> {
  const keys = await clientKeys(
    tx,
    costs.map(({ clientId }) => clientId),
  );
  const given = costs.flatMap(({ clientId, amount, ...cost }) => {
    const clientKey = keys.get(clientId);
    return clientKey === undefined ? [] : [{ ...cost, clientKey, money: parseMoney(amount, 'ledger') }];
  });
  return recordCosts(tx, given);
}
