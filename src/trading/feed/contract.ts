import { z } from 'zod';
import { operation } from '../../kernel/operation.ts';

const count = z.int().nonnegative();

/** Where a source stands. `missing` lists at most 100 ranges of seqs below `highest` that were not seen, both ends included. */
export const FeedCursor = z.strictObject({
  cursor: count.meta({ description: 'The last seq up to which everything is durable; 0 before the first' }),
  highest: count.meta({ description: 'The highest seq that was seen' }),
  missing: z
    .array(z.tuple([count, count]))
    .max(100)
    .meta({ description: 'Ranges of seqs below `highest` that were not seen, both ends included' }),
});
export type FeedCursor = z.infer<typeof FeedCursor>;

/** The verdict on one line; `line` counts from 0. */
export const LineVerdict = z.strictObject({
  line: count.meta({ description: 'The place of the line in the batch, from 0' }),
  status: z
    .enum(['accepted', 'duplicate', 'parked', 'rejected'])
    .meta({ description: 'What became of the line; a parked one is stored and waits for somebody' }),
  code: z.string().optional().meta({ description: 'Why, as a code of docs/errors.md' }),
  detail: z.string().optional().meta({ description: 'Which part of the line is at fault' }),
});
export type LineVerdict = z.infer<typeof LineVerdict>;

/** The answer to a batch, given when all of its lines are durable. */
export const FeedAnswer = z.strictObject({
  accepted: count.meta({ description: 'Lines that are stored' }),
  duplicates: count.meta({ description: 'Lines that were stored before, with the same content' }),
  parked: count.meta({ description: 'Lines that are stored and wait for somebody' }),
  rejected: count.meta({ description: 'Lines that cannot be used; they are kept as they came' }),
  results: z.array(LineVerdict).max(1000).meta({ description: 'The verdict on each line, in the order sent' }),
  ...FeedCursor.shape,
});
export type FeedAnswer = z.infer<typeof FeedAnswer>;

/** Bytes of a batch at most, as sent and unpacked. */
export const BATCH_BYTES_MAX = 1_048_576;

const signatureHeaders = z.object({
  'cascade-batch': z.string().meta({ description: 'The id of the batch; a repeated one gives the stored answer' }),
  'cascade-timestamp': z.string().meta({ description: 'Unix seconds, at most 300 from now' }),
  'cascade-nonce': z.string().meta({ description: 'A text that is used once' }),
});

// Whatever is wrong with the source or the signature is one and the same 401: nothing is told to who has no secret.
const sourceParams = z.strictObject({
  sourceId: z
    .string()
    .meta({ description: 'The source of the feed, `src_…`', examples: ['src_01J9Z3K4M5N6P7Q8R9S0T1V2W3'] }),
});

/** Takes a batch in. */
export const sendFeedBatch = operation({
  id: 'sendFeedBatch',
  method: 'post',
  path: '/feeds/{sourceId}/events',
  on: 'tenant',
  tag: 'Feed',
  summary: 'Send a batch of what the platform server did',
  description:
    'One to 1 000 lines of newline-delimited JSON (or one JSON array), at most 1 MiB unpacked, packed by gzip or not. ' +
    'Answered when every line is durable. `Cascade-Signature: v1=<hex>` is the HMAC-SHA-256 with the secret of the ' +
    'source over `timestamp.nonce.batch.sha256hex(body as sent)`.\n\n' +
    'A line is an object with `type` and, unless it is left out, `seq`: the source’s own count of its lines from 1. ' +
    '`deal.add` and `deal.update` carry `deal`, the whole deal in the field names of the MT5 Manager API: Deal (the ticket), ' +
    'Login and Action (0 buys, 1 sells, all above is money) always; of a traded one Entry (0 in, 1 out, 2 in and out, 3 out by), ' +
    'Symbol, Price, and Volume in lots x 10 000 or VolumeExt in lots x 10^8, with VolumeClosed or VolumeClosedExt where Entry is 2; ' +
    'TimeMsc in milliseconds or Time in seconds of the server’s own clock; as far as known PositionID, Order, PricePosition, ContractSize, ' +
    'RateProfit, MarketBid, MarketAsk, Reason, and Profit, Commission, Fee, Storage in the currency of the account. ' +
    '`deal.delete` carries `deal` with Deal, and Login where it is known. ' +
    '`account.state` carries `account`: Login, Equity, Credit, Time or TimeMsc, and Balance where it is known; a credit ' +
    'coefficient goes by it. `heartbeat` carries nothing. Numbers are plain decimals, as JSON numbers or as text. ' +
    'What else a deal holds is kept as it came.',
  need: 'signed',
  params: sourceParams,
  headers: signatureHeaders,
  body: 'bytes',
  bodyTypes: ['application/x-ndjson', 'application/json'],
  bodyBytesMax: BATCH_BYTES_MAX,
  answers: { 200: FeedAnswer },
  problems: [
    'feed.signature_invalid',
    'feed.batch_conflict',
    'feed.batch_empty',
    'feed.batch_too_large',
    'feed.body_malformed',
    'feed.body_unpackable',
    'feed.encoding_unsupported',
  ],
});

/** Tells a sender where it stands. */
export const readFeedCursor = operation({
  id: 'readFeedCursor',
  method: 'get',
  path: '/feeds/{sourceId}/cursor',
  on: 'tenant',
  tag: 'Feed',
  summary: 'Ask up to which seq everything is durable',
  need: 'signed',
  params: sourceParams,
  headers: signatureHeaders,
  answers: { 200: FeedCursor },
  problems: ['feed.signature_invalid'],
});
