import { dealIdOf } from '../../kernel/ids.ts';
import { emit } from '../../platform/events/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { serversOfKeys } from '../deals/queries.ts';
import { dealOf, instantOf, namesIn, sorted } from '../deals/reading.ts';
import { insertDue, insertParked, loadFacts } from '../deals/store.ts';
import type { DueDeal, Handling, Instant, Server } from '../deals/types.ts';
import { dealParkedProblem } from '../errors.ts';
import type { Deal } from '../types.ts';
import * as queries from './queries.ts';
import type { ParkedRunAgain } from './types.ts';

const RERUN_MAX = 1_000;

type Waiting = {
  readonly dealKey: bigint;
  readonly code: string;
  readonly serverKey: number;
  readonly raw: string;
  readonly factsKey: bigint;
};
type Outcome = Waiting & { readonly deal?: Deal; readonly handling: Handling; readonly instant?: Instant };

/** It keeps waiting, by a code of its own, and holds up none of those beside it. */
const unreadable = (row: Waiting): Outcome => ({
  ...row,
  handling: {
    handling: 'parked',
    code: 'trading.deal_unreadable',
    detail: dealParkedProblem('trading.deal_unreadable').title,
  },
});

async function lookAgain(tx: TenantTx, waiting: readonly Waiting[], servers: readonly Server[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const server of servers) {
    const deals: { readonly row: Waiting; readonly deal: Deal }[] = [];
    for (const row of waiting.filter(({ serverKey }) => serverKey === server.key)) {
      const deal = dealOf(row.raw);
      if (deal === undefined) outcomes.push(unreadable(row));
      else deals.push({ row, deal });
    }
    const facts = await loadFacts(tx, server, namesIn(deals.map(({ deal }) => deal)));
    for (const { row, deal } of deals) {
      const instant = instantOf(server, deal);
      outcomes.push({ ...row, deal, handling: sorted(deal, instant, facts), instant });
    }
  }
  return outcomes.sort((left, right) => (left.dealKey < right.dealKey ? -1 : 1));
}

const dueOf = ({ dealKey: key, serverKey, factsKey, deal, handling, instant }: Outcome): DueDeal[] =>
  handling.handling === 'due' && deal !== undefined && instant?.utcMs !== undefined
    ? [{ key, serverKey, deal, utcMs: instant.utcMs, to: handling.to, factsKey }]
    : [];

/** Whether something else keeps the deal waiting than what is written of it. */
const isOtherCode = ({ code, handling }: Outcome): boolean => handling.handling === 'parked' && handling.code !== code;

async function write(tx: TenantTx, changed: readonly Outcome[], due: readonly DueDeal[]): Promise<void> {
  await queries.resolveParked(tx, {
    dealKeys: changed.map((each) => each.dealKey),
    resolutions: changed.map(({ handling }) => (handling.handling === 'parked' ? 'other_code' : handling.handling)),
  });
  await insertParked(
    tx,
    changed.flatMap(({ dealKey, handling }) => (handling.handling === 'parked' ? [{ dealKey, ...handling }] : [])),
  );
  await insertDue(tx, undefined, due);
}

/**
 * Looks at parked deals again, in the order of their keys, after a mapping was mended or an account opened: what is
 * resolved now becomes due. Updates, deletions and conflicts keep waiting. At most `max` (1 000) at a time: go on with
 * `after` while `next` is given. Rows that another run holds are passed over.
 */
export async function rerunParked(
  tx: TenantTx,
  choice: {
    readonly code?: string;
    readonly dealKeys?: readonly bigint[];
    readonly max: number;
    readonly after?: bigint;
  },
): Promise<ParkedRunAgain> {
  const limit = Math.max(1, Math.min(Math.trunc(choice.max), RERUN_MAX));
  const { code, dealKeys, after = 0n } = choice;
  const waiting = await queries.lockParked(tx, { code, dealKeys, after, limit });
  if (waiting.length === 0) return { dealKeys: [], settled: 0, stillParked: 0, next: undefined };
  const servers = await serversOfKeys(tx, { serverKeys: [...new Set(waiting.map((row) => row.serverKey))] });
  const outcomes = await lookAgain(tx, waiting, servers);
  const changed = outcomes.filter((outcome) => outcome.handling.handling !== 'parked' || isOtherCode(outcome));
  const due = outcomes.flatMap(dueOf);
  const stillParked = outcomes.filter(({ handling }) => handling.handling === 'parked').length;
  const settled = outcomes.length - stillParked - due.length;
  if (changed.length > 0) await write(tx, changed, due);
  if (due.length + settled > 0) {
    const payload = { due: due.map((each) => dealIdOf(each.key)), settled, stillParked };
    emit(tx, { stream: 'parked', type: 'trading.parked_rerun', schemaVersion: 1, payload });
  }
  const next = waiting.length === limit ? waiting.at(-1)?.dealKey : undefined;
  return { dealKeys: due.map((each) => each.key), settled, stillParked, next };
}
