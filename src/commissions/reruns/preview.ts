import { z } from 'zod';
import { clientIdsOf } from '../../clients/index.ts';
import type { Currency } from '../../kernel/currency.ts';
import { formatAmount, moneyJson } from '../../kernel/money.ts';
import { RerunId, tradeIdOf } from '../../kernel/ids.ts';
import { ibIdsOf, ibNames } from '../../ib/index.ts';
import { csvLine } from '../../platform/csv.ts';
import { emit } from '../../platform/events/index.ts';
import { defineTask } from '../../platform/tasks/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { KIND_NUMBERS } from '../booking/rules.ts';
import { componentName } from '../contract.ts';
import type { CarriedCounts } from '../counters/recount.ts';
import { versionNames } from '../plans/queries.ts';
import { openBook, type PlanBook, PlanBooks } from '../plans/store.ts';
import { Terms } from '../inputs/terms.ts';
import * as queries from './queries.ts';
import { digestOf, EMPTY_DIGEST, KeptSelection, Point, type RerunPage, rerunPage } from './selecting.ts';
import { changeKept } from './store.ts';
import type { PartyTotal, RerunTotals, StoredRerun } from './types.ts';

const Checkpoint = z.strictObject({
  after: Point.nullable(),
  digest: z.string(),
  looked: z.int(),
  changed: z.int(),
  hindered: z.int(),
});
type Checkpoint = z.infer<typeof Checkpoint>;

const BEGINNING: Checkpoint = { after: null, digest: EMPTY_DIGEST, looked: 0, changed: 0, hindered: 0 };
const PARTIES_SHOWN = 100;
const PARTIES_PAGE = 1_000;

/** What a re-run is of, by what it computes. */
export const rerunOf = ({ key, selection, terms }: StoredRerun) => ({
  key,
  selection: KeptSelection.parse(z.object({ selection: z.unknown() }).parse(selection).selection),
  keepsTerms: Object.keys(Terms.parse(terms)).length > 0,
});

/** Computes what a re-run would change, page by page, and keeps it: what people agree to later is this. */
export const rerunPreview = defineTask({
  kind: 'commissions.rerun_preview',
  right: { action: 'read', resource: 'reruns' },
  payload: z.strictObject({ rerunId: RerunId }),
  checkpoint: Checkpoint,
  run: async (task, { rerunId }) => {
    let at: Checkpoint = task.checkpoint ?? BEGINNING;
    const kept = new KeptBook();
    const left = { more: true };
    while (left.more)
      await task.page(async (tx) => {
        const page = await previewPage(tx, rerunId, kept, at);
        const { changes, hindered, looked, next } = page;
        if (task.checkpoint === undefined && at === BEGINNING) {
          await task.write(tx, 'trades.csv', csvLine(TRADE_COLUMNS));
          await task.write(tx, 'parties.csv', csvLine(PARTY_COLUMNS));
        }
        await task.write(tx, 'trades.csv', await tradeLines(tx, page));
        at = {
          after: next ?? null,
          digest: digestOf(at.digest, page),
          looked: at.looked + looked,
          changed: at.changed + changes.length,
          hindered: at.hindered + hindered.length,
        };
        left.more = next !== undefined;
        if (!left.more) await finish(tx, rerunId, at, (piece) => task.write(tx, 'parties.csv', piece));
        return { done: at.looked, checkpoint: at };
      });
    const { digest, looked, changed, hindered } = at;
    return { rerunId, digest, looked, changed, hindered };
  },
});

/** The plans that a preview goes by from its first page to its last, and what its pages would change of the counters. */
class KeptBook {
  readonly carried: CarriedCounts = { counts: [] };
  #book: PlanBook | undefined;

  async read(tx: TenantTx, version: bigint | null): Promise<PlanBook> {
    this.#book ??= version === null ? await new PlanBooks().read(tx) : await openBook(tx, version);
    return this.#book;
  }
}

async function previewPage(tx: TenantTx, id: RerunId, kept: KeptBook, { after }: Checkpoint): Promise<RerunPage> {
  const [rerun] = await queries.rerunOfId(tx, { id });
  if (rerun === undefined) throw new Error('a re-run is not there any more');
  const { knownAt, configurationVersion } = rerun;
  const book = await kept.read(tx, configurationVersion);
  const knowing = { book, carried: kept.carried, ...(knownAt !== null && { knownAt }) };
  const page = await rerunPage(tx, knowing, rerunOf(rerun), after ?? undefined);
  await queries.noteKnowledge(tx, { id, knownAt: page.knownAt, configurationVersion: book.version });
  if (page.changes.length > 0)
    await queries.insertTrades(tx, {
      rerunKey: rerun.key,
      dealKeys: page.changes.map(({ live }) => live.dealKey),
      revisions: page.changes.map(({ live }) => live.revision),
      changes: page.changes.map(({ text }) => text),
    });
  return page;
}

const TRADE_COLUMNS = ['trade', 'kind', 'beneficiary', 'component', 'change', 'currency', 'cannot_be_computed'];
const PARTY_COLUMNS = ['kind', 'beneficiary', 'name', 'change', 'currency'];

/** A line for each difference of each trade, and one for each trade that cannot be computed. */
async function tradeLines(tx: TenantTx, { changes, hindered }: RerunPage): Promise<string> {
  const rows = changes.flatMap(({ live, text }) =>
    changeKept(text).revisions.flatMap(({ changes: parts, currency, planVersionKey }) =>
      parts.map((part) => ({ ...part, dealKey: live.dealKey, currency, planVersionKey })),
    ),
  );
  const names = await beneficiaryNames(tx, rows);
  const versionKeys = [...new Set(rows.flatMap(({ planVersionKey }) => planVersionKey ?? []))];
  const versions = new Map((await versionNames(tx, { versionKeys })).map((version) => [version.key, version]));
  return [
    ...rows.map(({ dealKey, kind, beneficiary, component, units, currency, planVersionKey }) => {
      const components = versions.get(planVersionKey ?? 0)?.components ?? [];
      const { word, id } = names(kind, beneficiary);
      const amount = currency === null ? '' : formatAmount({ units, currency: currency as Currency });
      return csvLine([
        tradeIdOf(dealKey),
        word,
        id ?? '',
        componentName(components, component),
        amount,
        currency ?? '',
        '',
      ]);
    }),
    ...hindered.map(({ dealKey, code }) => csvLine([tradeIdOf(dealKey), '', '', '', '', '', code])),
  ].join('');
}

type Party = { readonly kind: number; readonly beneficiary: number };

/** Who the beneficiaries of rows are. */
export async function beneficiaryNames(tx: TenantTx, rows: readonly Party[]) {
  const keysOf = (kind: number): number[] => [
    ...new Set(rows.filter((row) => row.kind === kind).map(({ beneficiary }) => beneficiary)),
  ];
  const ibs = await ibIdsOf(tx, keysOf(KIND_NUMBERS.ib));
  const names = await ibNames(tx, keysOf(KIND_NUMBERS.ib));
  const clients = await clientIdsOf(tx, keysOf(KIND_NUMBERS.client));
  return (kind: number, beneficiary: number) => {
    if (kind === KIND_NUMBERS.ib)
      return { word: 'ib', id: ibs.get(beneficiary) ?? null, name: names.get(beneficiary) ?? null } as const;
    if (kind === KIND_NUMBERS.client)
      return { word: 'client', id: clients.get(beneficiary) ?? null, name: null } as const;
    return { word: 'house', id: null, name: null } as const;
  };
}

/** Writes down what the preview came to: from now on it waits for people. */
async function finish(
  tx: TenantTx,
  id: RerunId,
  { digest, looked, changed, hindered }: Checkpoint,
  write: (piece: string) => Promise<void>,
): Promise<void> {
  const [rerun] = await queries.rerunOfId(tx, { id });
  if (rerun === undefined) return;
  const shown: PartyTotal[] = [];
  for (let offset = 0; ; offset += PARTIES_PAGE) {
    const rows = await queries.partyTotals(tx, { rerunKey: rerun.key, offset, limit: PARTIES_PAGE });
    const names = await beneficiaryNames(tx, rows);
    const parties = rows.map(({ kind, beneficiary, currency, units }) => {
      const { word, id: partyId, name } = names(kind, beneficiary);
      return { kind: word, id: partyId, name, change: moneyJson({ units, currency: currency as Currency }) };
    });
    shown.push(...parties.slice(0, PARTIES_SHOWN - shown.length));
    await write(
      parties
        .map(({ kind, id: partyId, name, change }) =>
          csvLine([kind, partyId ?? '', name ?? '', change.amount, change.currency]),
        )
        .join(''),
    );
    if (rows.length < PARTIES_PAGE) break;
  }
  const earnings = (await queries.earningTotals(tx, { rerunKey: rerun.key })).map(({ currency, before, after }) => ({
    currency,
    before: formatAmount({ units: before, currency: currency as Currency }),
    after: formatAmount({ units: after, currency: currency as Currency }),
  }));
  const totals: RerunTotals = { looked, changed, hindered, earnings, parties: shown };
  await queries.notePrepared(tx, { id, digest, totals: JSON.stringify(totals) });
  const payload = { rerunId: id, digest, looked, changed, hindered };
  emit(tx, { stream: `rerun/${id}`, type: 'commissions.rerun_prepared', schemaVersion: 1, payload });
}
