import { reach } from '#fault-points';
import { z } from 'zod';
import { holdSettlement } from '../../commissions/index.ts';
import type { Currency } from '../../kernel/currency.ts';
import { PayoutRunId } from '../../kernel/ids.ts';
import { moneyJson } from '../../kernel/money.ts';
import { post } from '../../ledger/index.ts';
import { onlyRow } from '../../platform/query.ts';
import { defineTask, requestTask } from '../../platform/tasks/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { conversionsOf } from '../../trading/index.ts';
import { statementsInDispute } from '../disputes/store.ts';
import { partyOfRow } from '../parties/service.ts';
import { freeOf } from '../statements/store.ts';
import type { Party } from '../types.ts';
import { accountsFor, transfersOf } from './accounts.ts';
import * as posting from './posting-queries.ts';
import * as queries from './queries.ts';
import { conversionWay, endOf, purseOf, settle } from './rules.ts';
import { moveRun, tell } from './service.ts';
import { lockRun } from './store.ts';
import type { Due, KeptConversion, Run } from './types.ts';

/** Items that one transaction pays: so many that it holds others up for a moment only. */
const PART = 500;
const HOUR_MS = 3_600_000;

/** How far a run is: `more` while items are left. */
type PartPaid = { readonly done: number; readonly total: number; readonly more: boolean };

/**
 * Pays the next items of a run that was agreed to, in the given transaction, and ends the run with the last. Each item is
 * paid whole or not at all, at most what is free at this moment; what cannot be paid is kept with why.
 */
export async function payPart(tx: TenantTx, runId: PayoutRunId): Promise<PartPaid> {
  const run = await lockRun(tx, runId);
  if (run.state !== 'posting') return { ...(await progressOf(tx, run)), more: false };
  await reach('payouts.before_part');
  const detail = run.reason ?? '';
  if (run.stoppedAt !== null) await posting.refuseRest(tx, { runKey: run.key, detail });
  const rows = await posting.nextItems(tx, { runKey: run.key, max: PART });
  const dues = rows.map(({ kind, party, ...row }): Due => ({ ...row, party: partyOfRow({ kind, party }) }));
  if (dues.length > 0) await payItems(tx, run, dues);
  const progress = await progressOf(tx, run);
  const more = progress.done < progress.total;
  if (!more) await endRun(tx, run);
  await reach('payouts.before_commit');
  return { ...progress, more };
}

async function progressOf(tx: TenantTx, run: Run): Promise<{ readonly done: number; readonly total: number }> {
  const { included, paid, unpaid } = onlyRow(await queries.counts(tx, { runKey: run.key }));
  return { done: paid + unpaid, total: included + paid + unpaid };
}

async function endRun(tx: TenantTx, run: Run): Promise<void> {
  const { paid, unpaid } = onlyRow(await queries.counts(tx, { runKey: run.key }));
  await moveRun(tx, run, { event: endOf(unpaid) });
  tell(tx, run.id, 'payouts.run_ended', { paid, unpaid });
}

async function payItems(tx: TenantTx, run: Run, dues: readonly Due[]): Promise<void> {
  await holdSettlement(tx);
  const conversions = await conversionsFor(tx, run, dues);
  const settlements = settle(dues, {
    free: await freeBy(tx, dues),
    disputed: await statementsInDispute(tx, {
      ibKeys: [...new Set(dues.flatMap(({ party }) => (party.kind === 'ib' ? [party.key] : [])))],
      statementKeys: dues.map(({ statementKey }) => statementKey),
    }),
    conversions,
    rateAgeMsMax: run.rateAgeHoursMax * HOUR_MS,
  });
  const accountOf = await accountsFor(tx, settlements);
  post(
    tx,
    settlements.flatMap((settlement) => transfersOf(run, settlement, accountOf)),
  );
  const paid = settlements.filter((each) => each.kind === 'paid');
  await posting.settleItems(tx, {
    keys: settlements.map(({ due }) => due.key),
    states: settlements.map(({ kind }) => kind),
    codes: settlements.map((each) => (each.kind === 'unpaid' ? each.code : null)),
    details: settlements.map((each) => (each.kind === 'unpaid' ? each.detail : null)),
    walletUnits: settlements.map((each) => (each.kind === 'paid' ? each.walletUnits : null)),
    conversions: settlements.map((each) =>
      each.kind === 'paid' && each.conversion !== null ? JSON.stringify(each.conversion) : null,
    ),
  });
  const unpaid = settlements.length - paid.length;
  tell(tx, run.id, 'payouts.run_part_paid', { paid: paid.length, unpaid, totals: totalsOf(paid) });
}

/** What was paid out of payables, by currency, as money. */
function totalsOf(paid: readonly { readonly due: Due }[]) {
  const sums = new Map<Currency, bigint>();
  for (const { due } of paid) sums.set(due.currency, (sums.get(due.currency) ?? 0n) + due.payableUnits);
  return [...sums].map(([currency, units]) => moneyJson({ units, currency }));
}

/** The latest rates at the instant of the run, one way for each pair of currencies: all parts convert alike. */
async function conversionsFor(tx: TenantTx, run: Run, dues: readonly Due[]): Promise<Map<string, KeptConversion>> {
  const at = run.ratedAt;
  if (at === null) throw new Error('a run that is being posted has no instant for its rates');
  const ways = new Map(
    dues
      .filter(({ currency, walletCurrency }) => currency !== walletCurrency)
      .map(({ currency, walletCurrency }) => [
        conversionWay(currency, walletCurrency),
        { from: currency, to: walletCurrency, at },
      ]),
  );
  const found = await conversionsOf(tx, [...ways.values()]);
  return new Map(
    [...ways.keys()].flatMap((name, place) => {
      const conversion = found[place];
      return conversion === undefined ? [] : [[name, conversion] as const];
    }),
  );
}

/** What may be paid out to each beneficiary of these items, in each of their currencies. */
async function freeBy(tx: TenantTx, dues: readonly Due[]): Promise<Map<string, bigint>> {
  const free = new Map<string, bigint>();
  const currencies = new Set(dues.map(({ currency }) => currency));
  for (const currency of currencies) {
    const parties = new Map<string, Party>();
    for (const due of dues) if (due.currency === currency) parties.set(purseOf(due.party, currency), due.party);
    const units = await freeOf(tx, [...parties.values()], currency);
    for (const [place, name] of [...parties.keys()].entries()) free.set(name, units[place] ?? 0n);
  }
  return free;
}

/** Posts a run that was agreed to, part by part; killed at any instant it goes on where it was. */
export const payRun = defineTask({
  kind: 'payouts.pay',
  right: { action: 'draft', resource: 'payout_runs' },
  isAgreed: true,
  payload: z.strictObject({ runId: PayoutRunId }),
  checkpoint: z.strictObject({ done: z.int() }),
  run: async (task, { runId }) => {
    let part: PartPaid = { done: 0, total: 0, more: true };
    while (part.more)
      await task.page(async (tx) => {
        part = await payPart(tx, runId);
        return { done: part.done, total: part.total, checkpoint: { done: part.done } };
      });
    return { runId, items: part.total };
  },
});

/** Begins to post a run whose approval is given: `approvalId` is null where an operator's command line agrees. */
export async function beginPosting(
  tx: TenantTx,
  run: Run,
  by: { readonly approvalId: string | null; readonly approvers: readonly string[] },
): Promise<void> {
  await moveRun(tx, run, { event: 'approve', ...by });
  await requestTask(tx, payRun, { runId: run.id }, { once: run.id });
  tell(tx, run.id, 'payouts.run_approved', { approvalId: by.approvalId, approvedBy: by.approvers });
}

/** Runs that a round looks at. */
const RESUMED_MAX = 20;

/** Has runs posted on whose task has failed or was cancelled: money that was agreed to is paid, or the run is stopped. */
export async function resumePostings(tx: TenantTx): Promise<void> {
  for (const { id } of await posting.postingRuns(tx, { max: RESUMED_MAX }))
    await requestTask(tx, payRun, { runId: id }, { once: id });
}
