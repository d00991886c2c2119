import { randomUUID } from 'node:crypto';
import { createTenantClient } from '../src/platform/tenant-client.ts';
import { type FeedAnswer, signFeedRequest } from '../src/trading/index.ts';

/** Lines that a bridge sends at once. */
export const LINES_PER_BATCH = 1_000;
/** Batches that are on their way at once. */
export const IN_FLIGHT = 2;

export type Batch = { readonly id: string; readonly body: Buffer };
type Source = { readonly id: string; readonly secret: string };

/** Lines cut into batches, as the bytes that will be sent. */
export function batchesOf(lines: readonly string[], linesPerBatch = LINES_PER_BATCH): Batch[] {
  const batches: Batch[] = [];
  for (let from = 0; from < lines.length; from += linesPerBatch)
    batches.push({ id: randomUUID(), body: Buffer.from(lines.slice(from, from + linesPerBatch).join('\n')) });
  return batches;
}

/** The headers that vouch for a batch, made now. */
export function signed(source: Source, { id, body }: Batch): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const nonce = randomUUID();
  return {
    'content-type': 'application/x-ndjson',
    'cascade-batch': id,
    'cascade-timestamp': timestamp,
    'cascade-nonce': nonce,
    'cascade-signature': signFeedRequest(source.secret, { timestamp, nonce, batch: id, body }),
  };
}

/** Posts batches to a feed. */
export type Sender = {
  /** Sends one batch; anything but 200 is an error. */
  readonly post: (batch: Batch) => Promise<FeedAnswer>;
  /** Sends all, a few at a time, in order. */
  readonly postAll: (batches: readonly Batch[]) => Promise<FeedAnswer[]>;
  readonly close: () => Promise<void>;
};

/** A sender for one source of a tenant, over HTTP. */
export function openSender(port: number, slug: string, source: Source): Sender {
  const client = createTenantClient();
  const url = `http://${slug}.localhost:${port}/feeds/${source.id}/events`;
  const post = async (batch: Batch): Promise<FeedAnswer> => {
    const answer = await client.send({
      url,
      method: 'POST',
      headers: signed(source, batch),
      body: batch.body,
      timeoutMs: 60_000,
    });
    if (answer.status !== 200) throw new Error(`the feed answered ${answer.status}: ${answer.text().slice(0, 500)}`);
    return answer.json() as FeedAnswer;
  };
  return {
    post,
    postAll: async (batches) => {
      const answers: FeedAnswer[] = [];
      const waiting = batches.entries();
      const lane = async (): Promise<void> => {
        for (const [place, batch] of waiting) answers[place] = await post(batch);
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
      return answers;
    },
    close: client.close,
  };
}
