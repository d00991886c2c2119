import { hash } from 'node:crypto';
import { reach } from '#fault-points';
import { type TenantId, dealIdOf } from '../../kernel/ids.ts';
import { emit } from '../../platform/events/index.ts';
import type { TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import { keepStates } from '../account-states/service.ts';
import { insertSeqs } from '../amendments/queries.ts';
import { plainArray } from '../deals/literals.ts';
import { versionsOf } from '../deals/queries.ts';
import { namesIn } from '../deals/reading.ts';
import { dealKeyOf } from '../deals/rules.ts';
import { loadFacts, storeDeals } from '../deals/store.ts';
import type { StoredDeal } from '../deals/types.ts';
import { liveSecrets, type SourceKeeping } from '../registry/sources.ts';
import type { FeedAnswer, FeedCursor, LineVerdict } from './contract.ts';
import { feedProblem } from './errors.ts';
import * as queries from './queries.ts';
import type { KnownVersion } from './rules.ts';
import { type FeedRequest, type Signed, verifiedRequest } from './signed-request.ts';
import { isOfDeal, sortDeals, ticketOf } from './sorting.ts';
import * as store from './store.ts';
import { unpack } from './unpack.ts';
import { type FeedLineResult, parseFeedBody } from './wire.ts';

/** What the feed is built from. */
export type FeedDependencies = SourceKeeping & { readonly withTenant: WithTenant };

/** The lines of a batch by their verdicts. */
export type LineCounts = Pick<FeedAnswer, 'accepted' | 'duplicates' | 'parked' | 'rejected'>;

/**
 * What a batch left: the answer, word for word, and the keys of the deals that are due by it. A batch that was taken
 * before is answered as it was then, and its lines are not counted again.
 */
export type Receipt = {
  readonly answer: string;
  readonly batchKey: bigint;
  readonly dealKeys: readonly bigint[];
  readonly counts: LineCounts | undefined;
};

const verified = (
  deps: FeedDependencies,
  tenantId: TenantId,
  request: FeedRequest,
  requestId: string,
): Promise<Signed> =>
  verifiedRequest(request, deps.clock, (sourceId) =>
    deps.withTenant(tenantId, { actor: 'feed', causation: requestId }, (tx) => liveSecrets(tx, deps, sourceId)),
  );

/**
 * Takes a batch: verifies it, reads it, and stores it in one transaction, with a verdict for each line. A bad line never
 * takes the good ones with it. Throws the problems of a request as a whole, of which nothing is kept.
 */
export async function receive(
  deps: FeedDependencies,
  tenantId: TenantId,
  request: FeedRequest,
  requestId: string,
): Promise<Receipt> {
  const signed = await verified(deps, tenantId, request, requestId);
  const body = await unpack(request.body, request.headers['content-encoding']);
  const lines = parseFeedBody(body);
  const batch = { ...signed, bodyHash: hash('sha256', body, 'buffer') };
  const rejected = store.rejectedLinesOf(body, lines);
  const origin = { actor: `source/${signed.sourceId}`, causation: requestId };
  const receipt = await deps.withTenant(tenantId, origin, async (tx) => {
    const stored = await storeBatch(tx, batch, lines, rejected);
    await reach('feed.before_commit');
    return stored;
  });
  await reach('feed.after_commit');
  return receipt;
}

/** Where a source stands, for a sender that starts again. Signed like a batch, over an empty body. */
export async function readCursor(
  deps: FeedDependencies,
  tenantId: TenantId,
  request: FeedRequest,
  requestId: string,
): Promise<FeedCursor> {
  const { sourceId } = await verified(deps, tenantId, request, requestId);
  return deps.withTenant(tenantId, { actor: `source/${sourceId}`, causation: requestId }, async (tx) => {
    const [source] = await queries.sourceKeyOf(tx, { sourceId });
    if (source === undefined) throw feedProblem('feed.signature_invalid');
    return store.cursorOf(tx, source.sourceKey);
  });
}

async function storeBatch(
  tx: TenantTx,
  signed: store.SignedBatch,
  lines: readonly FeedLineResult[],
  rejected: readonly store.RejectedLine[],
): Promise<Receipt> {
  const [source] = await queries.lockSource(tx, { sourceId: signed.sourceId });
  if (source === undefined) throw feedProblem('feed.signature_invalid');
  const { sourceKey, batchKey, receivedAt } = source;
  const known = await store.answeredBefore(tx, sourceKey, signed);
  if (known !== undefined) return { answer: known, batchKey, dealKeys: [], counts: undefined };
  const deals = await storeLines(tx, source, lines);
  await store.keepRejected(tx, batchKey, rejected);
  const cursor = await store.noteSeqs(tx, sourceKey, seqsOf(lines, rejected));
  const states = await storeStates(tx, source, lines);
  const results = inOrder(lines, [...deals.verdicts, ...states], rejected);
  const counts = store.countsOf(results);
  const answer: FeedAnswer = { ...counts, results, ...cursor };
  const text = JSON.stringify(answer);
  const { batch, nonce, signedAt, bodyHash } = signed;
  await queries.insertFeedBatch(tx, {
    batchKey,
    sourceKey,
    batch,
    nonce,
    signedAt,
    bodyHash,
    answer: text,
    receivedAt,
  });
  if (deals.keys.length + rejected.length > 0) emitReceived(tx, signed, batchKey, answer, deals);
  return { answer: text, batchKey, dealKeys: deals.dueKeys, counts };
}

type StoredBatch = {
  readonly keys: readonly bigint[];
  readonly dueKeys: readonly bigint[];
  readonly verdicts: readonly LineVerdict[];
};

/** Stores the deals of a batch; the source's server is locked, so nobody else adds versions meanwhile. */
async function storeLines(
  tx: TenantTx,
  source: {
    sourceKey: number;
    serverKey: number;
    serverName: string;
    zone: string;
    shiftMinutes: number;
    countsOpens: boolean;
    batchKey: bigint;
    receivedAt: Date;
  },
  lines: readonly FeedLineResult[],
): Promise<StoredBatch> {
  const found = lines.flatMap((result, line) =>
    result.ok && isOfDeal(result.line) ? [{ line, found: result.line }] : [],
  );
  if (found.length === 0) return { keys: [], dueKeys: [], verdicts: [] };
  const { serverKey, batchKey, receivedAt } = source;
  const known = new Map<bigint, KnownVersion[]>();
  for (const row of await versionsOf(tx, {
    serverKey,
    tickets: plainArray(found.map((each) => ticketOf(each.found))),
  })) {
    const versions = known.get(row.ticket);
    if (versions === undefined) known.set(row.ticket, [row]);
    else versions.push(row);
  }
  const fresh = found.flatMap(({ found: line }) =>
    line.type === 'deal.add' && known.get(line.deal.ticket)?.[0]?.version !== 0 ? [line.deal] : [],
  );
  const facts = await loadFacts(
    tx,
    { key: serverKey, name: source.serverName, countsOpens: source.countsOpens },
    namesIn(fresh),
  );
  const { stored, verdicts } = sortDeals(found, known, source, facts, (line) => dealKeyOf(batchKey, line));
  const dueKeys = await storeDeals(tx, serverKey, receivedAt, stored);
  await keepSeqs(tx, source, lines, stored);
  return { keys: stored.map((each) => each.key), dueKeys, verdicts };
}

/** Keeps what accounts stood at; the same state of the same instant is a duplicate. */
async function storeStates(
  tx: TenantTx,
  source: { readonly serverKey: number; readonly zone: string; readonly shiftMinutes: number },
  lines: readonly FeedLineResult[],
): Promise<LineVerdict[]> {
  const found = lines.flatMap((result, line) =>
    result.ok && result.line.type === 'account.state' ? [{ line, state: result.line.state }] : [],
  );
  if (found.length === 0) return [];
  const fresh = await keepStates(
    tx,
    source,
    found.map(({ state }) => state),
  );
  return found.map(({ line }, place) => ({ line, status: fresh[place] === true ? 'accepted' : 'duplicate' }));
}

/** The places of updates and deletions in their source: batches may come in any order, and the last one counts. */
async function keepSeqs(
  tx: TenantTx,
  { sourceKey, batchKey }: { readonly sourceKey: number; readonly batchKey: bigint },
  lines: readonly FeedLineResult[],
  stored: readonly StoredDeal[],
): Promise<void> {
  if (stored.every(({ kind }) => kind === 'add')) return;
  const amending = new Set(stored.flatMap(({ key, kind }) => (kind === 'add' ? [] : [key])));
  const seqs = lines.flatMap((result, line) => {
    const dealKey = dealKeyOf(batchKey, line);
    return result.ok && result.line.seq !== undefined && amending.has(dealKey)
      ? [{ dealKey, seq: result.line.seq }]
      : [];
  });
  if (seqs.length === 0) return;
  const columns = { dealKeys: seqs.map(({ dealKey }) => dealKey), seqs: seqs.map(({ seq }) => BigInt(seq)) };
  await insertSeqs(tx, { sourceKey, ...columns });
}

/** All seqs that were seen: those of refused lines too. */
function seqsOf(lines: readonly FeedLineResult[], rejected: readonly store.RejectedLine[]): number[] {
  const seqs: number[] = [];
  for (const result of lines) if (result.ok && result.line.seq !== undefined) seqs.push(result.line.seq);
  for (const { seq } of rejected) if (seq !== undefined) seqs.push(seq);
  return seqs;
}

/** The verdicts of all lines in their order; what has none yet is a heartbeat. */
function inOrder(
  lines: readonly FeedLineResult[],
  ofDeals: readonly LineVerdict[],
  rejected: readonly store.RejectedLine[],
): LineVerdict[] {
  const results: LineVerdict[] = lines.map((_line, line) => ({ line, status: 'accepted' }));
  for (const verdict of ofDeals) results[verdict.line] = verdict;
  for (const { line, code, detail } of rejected)
    results[line] = { line, status: 'rejected', code, detail: store.storable(detail) };
  return results;
}

/** One event for a batch, which names its rows. */
function emitReceived(
  tx: TenantTx,
  { sourceId }: Signed,
  batchKey: bigint,
  answer: FeedAnswer,
  { keys, dueKeys }: StoredBatch,
): void {
  const { accepted, duplicates, parked, rejected } = answer;
  const first = keys[0];
  const last = keys.at(-1);
  emit(tx, {
    stream: `source/${sourceId}`,
    type: 'trading.deals_received',
    schemaVersion: 1,
    payload: {
      batch: batchKey.toString(),
      counts: { accepted, duplicates, parked, rejected, due: dueKeys.length },
      firstDeal: first === undefined ? null : dealIdOf(first),
      lastDeal: last === undefined ? null : dealIdOf(last),
    },
  });
}
