import type { SourceId } from '../../kernel/ids.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { FeedCursor, LineVerdict } from './contract.ts';
import { feedProblem } from './errors.ts';
import * as queries from './queries.ts';
import { rawLinesOf, seqAtStart } from './raw-lines.ts';
import { rangesOf } from './rules.ts';
import type { FeedLineResult } from './wire.ts';

/** A signed batch whose signature holds. */
export type SignedBatch = {
  readonly sourceId: SourceId;
  readonly batch: string;
  readonly nonce: string;
  readonly signedAt: Date;
  /** SHA-256 of the unpacked body. */
  readonly bodyHash: Buffer;
};

/** Twice the tolerance of the timestamp: whatever could be replayed was signed in this span around it. */
const NONCE_WINDOW_MS = 600_000;
const RAW_BYTES_MAX = 16_384;
const DETAIL_LENGTH_MAX = 400;

/**
 * The answer of a batch that was taken before; undefined for a new one. `feed.batch_conflict` for another body under its
 * id, `feed.signature_invalid` for a nonce that another batch has used.
 */
export async function answeredBefore(
  tx: TenantTx,
  sourceKey: number,
  signed: SignedBatch,
): Promise<string | undefined> {
  const [like] = await queries.batchesLike(tx, {
    sourceKey,
    batch: signed.batch,
    bodyHash: signed.bodyHash,
    nonce: signed.nonce,
    signedFrom: new Date(signed.signedAt.getTime() - NONCE_WINDOW_MS),
    signedTo: new Date(signed.signedAt.getTime() + NONCE_WINDOW_MS),
  });
  if (like === undefined) return undefined;
  if (!like.isSameBatch) throw feedProblem('feed.signature_invalid');
  if (!like.isSameBody) throw feedProblem('feed.batch_conflict', { detail: `Batch ${signed.batch}` });
  return like.answer;
}

/** A line that was refused, with its bytes. */
export type RejectedLine = {
  readonly line: number;
  readonly seq: number | undefined;
  readonly code: string;
  readonly detail: string;
  readonly raw: Buffer;
};

/** The refused lines of a body with their bytes, and their seqs as far as any can be made out. */
export function rejectedLinesOf(body: Buffer, lines: readonly FeedLineResult[]): RejectedLine[] {
  if (lines.every((line) => line.ok)) return [];
  const raws = rawLinesOf(body);
  return lines.flatMap((result, line) => {
    if (result.ok) return [];
    const raw = raws[line] ?? Buffer.alloc(0);
    const { code, detail } = result;
    return [
      { line, seq: result.seq ?? (code === 'feed.seq_invalid' ? undefined : seqAtStart(raw)), code, detail, raw },
    ];
  });
}

/** Keeps what was refused, so that a mistake of a bridge, or ours, can be mended later. */
export async function keepRejected(tx: TenantTx, batchKey: bigint, rejected: readonly RejectedLine[]): Promise<void> {
  if (rejected.length === 0) return;
  await queries.insertRejected(tx, {
    batchKey,
    lines: rejected.map((each) => each.line),
    seqs: rejected.map((each) => each.seq),
    codes: rejected.map((each) => each.code),
    details: rejected.map((each) => storable(each.detail)),
    raws: rejected.map((each) => each.raw.subarray(0, RAW_BYTES_MAX)),
    rawBytes: rejected.map((each) => each.raw.length),
  });
}

/** What a column can hold of a text that quotes a sender. */
export const storable = (text: string): string =>
  text.slice(0, DETAIL_LENGTH_MAX).replaceAll('\u0000', '\uFFFD').toWellFormed();

/** Notes seqs as seen and tells where the source stands. */
export async function noteSeqs(tx: TenantTx, sourceKey: number, seen: readonly number[]): Promise<FeedCursor> {
  const ranges = rangesOf(seen);
  if (ranges.length > 0)
    await queries.addSeqs(tx, {
      sourceKey,
      firsts: ranges.map((range) => range.first),
      lasts: ranges.map((range) => range.last),
    });
  return cursorOf(tx, sourceKey);
}

/** Where a source stands. */
export async function cursorOf(tx: TenantTx, sourceKey: number): Promise<FeedCursor> {
  const [row] = await queries.cursorOf(tx, { sourceKey });
  if (row === undefined) throw new Error('the cursor query gives one row');
  return {
    cursor: row.cursor,
    highest: row.highest,
    missing: row.missingFirsts.map((first, index) => [first, row.missingLasts[index] ?? first]),
  };
}

/** How often each verdict was given. */
export function countsOf(results: readonly LineVerdict[]) {
  const counts = { accepted: 0, duplicates: 0, parked: 0, rejected: 0 };
  for (const { status } of results) counts[status === 'duplicate' ? 'duplicates' : status] += 1;
  return counts;
}
