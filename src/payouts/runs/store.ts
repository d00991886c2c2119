import type { PayoutItemId, PayoutRunId } from '../../kernel/ids.ts';
import { formatAmount } from '../../kernel/money.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { runProblem } from './errors.ts';
import * as queries from './queries.ts';
import type { ItemRow } from './queries.ts';
import type { Run } from './types.ts';

/** A run; `payouts.run_unknown` where there is none. */
export async function runOfId(tx: TenantTx, id: PayoutRunId): Promise<Run> {
  const [found] = await queries.runOfId(tx, { id });
  if (found === undefined) throw runProblem('payouts.run_unknown', { detail: id });
  return found;
}

/** The same, held against other changes until the transaction ends. */
export async function lockRun(tx: TenantTx, id: PayoutRunId): Promise<Run> {
  const [found] = await queries.lockRun(tx, { id });
  if (found === undefined) throw runProblem('payouts.run_unknown', { detail: id });
  return found;
}

/** An item of a run; `payouts.run_item_unknown` where it has none of this id. */
export async function itemOf(tx: TenantTx, run: Run, id: PayoutItemId): Promise<ItemRow> {
  const [found] = await queries.itemOfRun(tx, { runKey: run.key, id });
  if (found === undefined) throw runProblem('payouts.run_item_unknown', { detail: id });
  return found;
}

/** The newest runs, at most `limit`. */
export const listRuns = async (tx: TenantTx, limit: number): Promise<Run[]> =>
  (await queries.pageOfRuns(tx, { state: null }, { limit, sort: '-draftedAt' })).rows;

/** A run with its sums by kind of beneficiary, currencies and state of the items. */
export async function runWithTotals(tx: TenantTx, id: PayoutRunId) {
  const run = await runOfId(tx, id);
  return { run, totals: await queries.runTotals(tx, { runKey: run.key }) };
}

/** What a run would pay as it stands, for people: "1,204 payments, 5120.44 USD and 310.00 EUR". */
export async function runInWords(tx: TenantTx, run: Run): Promise<string> {
  const sums = new Map<string, { items: number; units: bigint }>();
  const totals = (await queries.runTotals(tx, { runKey: run.key })).filter(({ state }) => state === 'included');
  for (const { currency, items, units } of totals) {
    const sum = sums.get(currency) ?? { items: 0, units: 0n };
    sums.set(currency, { items: sum.items + items, units: sum.units + units });
  }
  const items = totals.reduce((count, each) => count + each.items, 0);
  const amounts = totals
    .map(({ currency }) => currency)
    .filter((currency, place, all) => all.indexOf(currency) === place)
    .map((currency) => `${formatAmount({ units: sums.get(currency)?.units ?? 0n, currency })} ${currency}`);
  return `${items} ${items === 1 ? 'payment' : 'payments'}, ${amounts.join(' and ')}`;
}
