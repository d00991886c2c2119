import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { isProblem, type Problem } from '../../src/kernel/problem.ts';
import { ndjsonOf, type TenantClient, type TenantResponse } from '../../src/platform/tenant-client.ts';
import { FeedAnswer, signFeedRequest, type RawDeal } from '../../src/trading/index.ts';
import { randomOf, type Random } from './random.ts';

/** A line as a bridge sends it; the deal is in the server's own words. */
export type BridgeLine =
  | { readonly seq?: number; readonly type: 'deal.add' | 'deal.update' | 'deal.delete'; readonly deal: RawDeal }
  | { readonly seq?: number; readonly type: 'heartbeat' };

export type BridgeOptions = {
  readonly client: TenantClient;
  /** The tenant's origin, for instance `http://acme.localhost:3000`. */
  readonly origin: string;
  readonly sourceId: string;
  readonly secret: string;
  /** Tries of one batch, the first included; 8 unless given. */
  readonly attemptsMax?: number;
  /** The first pause between two tries, doubled each time up to 30 s; 250 ms unless given. A longer Retry-After is honoured up to 60 s. */
  readonly retryMsMin?: number;
  readonly timeoutMs?: number;
  readonly gzip?: boolean;
  /** Faults on purpose, drawn from `seed`: how many batches are sent a second time (half of them under a new batch id), how many change places with the next, how long one may wait before it is sent. */
  readonly duplicateShare?: number;
  readonly reorderShare?: number;
  readonly delayMsMax?: number;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly nowMs?: () => number;
};

/** What a run came to; lines are counted by the feed's verdicts. */
export type BridgeTotals = {
  batches: number;
  lines: number;
  accepted: number;
  duplicates: number;
  parked: number;
  rejected: number;
  retries: number;
};

/** The feed will never take this batch: sending it again would not help. */
class FeedRefused extends Error {
  readonly status: number;
  readonly code: string | undefined;
  constructor(status: number, code: string | undefined, detail: string) {
    super(`The feed answered ${status}${code === undefined ? '' : ` ${code}`}: ${detail}`);
    this.name = 'FeedRefused';
    this.status = status;
    this.code = code;
  }
}

/** Every try of a batch failed in a way that passes; `cause` is the last one. */
class FeedUnreachable extends Error {
  constructor(attempts: number, cause: unknown) {
    super(`The feed did not take the batch in ${attempts} attempts`, { cause });
    this.name = 'FeedUnreachable';
  }
}

const RETRY_MS_MAX = 30_000;
const RETRY_AFTER_MS_MAX = 60_000;
const ProblemBody = z.object({
  code: z.string().optional(),
  title: z.string().optional(),
  detail: z.string().optional(),
});

type Attempt = { readonly answer: FeedAnswer } | { readonly again: unknown; readonly afterMs: number };

/** Pushes deals to a tenant's feed as a real bridge does: signed, in batches, again until they are taken. */
export class Bridge {
  readonly #options: BridgeOptions;
  readonly #random: Random;
  readonly #encode: (text: string) => Uint8Array;
  readonly totals: BridgeTotals = {
    batches: 0,
    lines: 0,
    accepted: 0,
    duplicates: 0,
    parked: 0,
    rejected: 0,
    retries: 0,
  };

  constructor(options: BridgeOptions) {
    this.#options = options;
    this.#random = randomOf(options.seed ?? 1);
    this.#encode = (text) => (options.gzip === true ? gzipSync(text) : Buffer.from(text));
  }

  /**
   * Sends one batch until the feed has it, at most `attemptsMax` times; every try is signed anew, under one batch id.
   * Throws FeedRefused for an answer that will not change, FeedUnreachable when the tries are used up.
   */
  async push(lines: readonly BridgeLine[], batch: string = randomUUID()): Promise<FeedAnswer> {
    const { attemptsMax = 8, retryMsMin = 250, signal } = this.#options;
    const body = this.#encode(ndjsonOf(lines));
    let last: unknown;
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const result = await this.#attempt(batch, body);
      if ('answer' in result) {
        this.#count(lines.length, result.answer);
        return result.answer;
      }
      last = result.again;
      if (attempt + 1 === attemptsMax) break;
      this.totals.retries += 1;
      const backoffMs = Math.min(RETRY_MS_MAX, retryMsMin * 2 ** attempt);
      await wait(Math.max(result.afterMs, this.#random.whole(Math.ceil(backoffMs / 2), backoffMs)), undefined, {
        signal,
      });
    }
    throw new FeedUnreachable(attemptsMax, last);
  }

  /**
   * Sends deals as `deal.add` in batches, counted from `firstSeq` (or without seq if it is undefined), with the faults
   * of the options. `onAnswer` hears of every batch. Ends when the deals end or the signal says so.
   */
  async run(
    deals: Iterable<RawDeal> | AsyncIterable<RawDeal>,
    {
      batchLinesMax = 500,
      firstSeq,
      onAnswer,
    }: {
      readonly batchLinesMax?: number;
      readonly firstSeq?: number;
      readonly onAnswer?: (answer: FeedAnswer) => void;
    } = {},
  ): Promise<BridgeTotals> {
    const send = async (lines: readonly BridgeLine[]): Promise<void> => {
      const answer = await this.#pushWithFaults(lines);
      onAnswer?.(answer);
    };
    let held: BridgeLine[] | undefined;
    for await (const lines of batchesOf(deals, batchLinesMax, firstSeq)) {
      this.#options.signal?.throwIfAborted();
      if (held === undefined && this.#random.chance(this.#options.reorderShare ?? 0)) {
        held = lines; // This batch lets the next one pass.
        continue;
      }
      await send(lines);
      if (held !== undefined) await send(held);
      held = undefined;
    }
    if (held !== undefined) await send(held);
    return this.totals;
  }

  async #pushWithFaults(lines: readonly BridgeLine[]): Promise<FeedAnswer> {
    const { delayMsMax = 0, duplicateShare = 0, signal } = this.#options;
    if (delayMsMax > 0) await wait(this.#random.whole(0, delayMsMax), undefined, { signal });
    const batch = randomUUID();
    const answer = await this.push(lines, batch);
    if (this.#random.chance(duplicateShare)) await this.push(lines, this.#random.chance(0.5) ? batch : randomUUID());
    return answer;
  }

  async #attempt(batch: string, body: Uint8Array): Promise<Attempt> {
    const { client, origin, sourceId, secret, gzip, timeoutMs, signal, nowMs = Date.now } = this.#options;
    const parts = { timestamp: String(Math.floor(nowMs() / 1000)), nonce: randomUUID(), batch, body };
    try {
      const response = await client.send({
        url: `${origin}/feeds/${sourceId}/events`,
        method: 'POST',
        headers: {
          'content-type': 'application/x-ndjson',
          'cascade-batch': batch,
          'cascade-timestamp': parts.timestamp,
          'cascade-nonce': parts.nonce,
          'cascade-signature': signFeedRequest(secret, parts),
          ...(gzip === true && { 'content-encoding': 'gzip' }),
        },
        body,
        ...(timeoutMs !== undefined && { timeoutMs }),
        ...(signal !== undefined && { signal }),
      });
      return outcomeOf(response, nowMs());
    } catch (error) {
      if (isPassing(error)) return { again: error, afterMs: 0 };
      throw error;
    }
  }

  #count(lines: number, answer: FeedAnswer): void {
    this.totals.batches += 1;
    this.totals.lines += lines;
    for (const verdict of ['accepted', 'duplicates', 'parked', 'rejected'] as const)
      this.totals[verdict] += answer[verdict];
  }
}

const isPassing = (error: unknown): error is Problem =>
  isProblem(error, 'platform.request_unreachable') || isProblem(error, 'platform.request_timed_out');

/** 200 is taken; 408, 429 and 5xx pass; everything else does not. */
function outcomeOf(response: TenantResponse, nowMs: number): Attempt {
  const { status } = response;
  if (status === 200) return { answer: FeedAnswer.parse(response.json()) };
  const isJson = String(response.headers['content-type'] ?? '').includes('json');
  const problem = isJson ? ProblemBody.safeParse(response.json()).data : undefined;
  const refusal = new FeedRefused(
    status,
    problem?.code,
    problem?.detail ?? problem?.title ?? response.text().slice(0, 200),
  );
  if (status !== 408 && status !== 429 && status < 500) throw refusal;
  return { again: refusal, afterMs: retryAfterMs(String(response.headers['retry-after'] ?? ''), nowMs) };
}

/** Retry-After as seconds or as a date (RFC 9110), bounded; 0 where it says nothing. */
function retryAfterMs(header: string, nowMs: number): number {
  const ms = /^[0-9]{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? 0 : Math.min(RETRY_AFTER_MS_MAX, Math.max(0, ms));
}

async function* batchesOf(
  deals: Iterable<RawDeal> | AsyncIterable<RawDeal>,
  linesMax: number,
  firstSeq: number | undefined,
): AsyncGenerator<BridgeLine[]> {
  let lines: BridgeLine[] = [];
  let seq = firstSeq;
  for await (const deal of deals) {
    lines.push({ ...(seq !== undefined && { seq }), type: 'deal.add', deal });
    if (seq !== undefined) seq += 1;
    if (lines.length < linesMax) continue;
    yield lines;
    lines = [];
  }
  if (lines.length > 0) yield lines;
}
