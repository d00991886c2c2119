import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** What is signed of a feed request: three headers and the body as it is sent (packed, if it is packed). */
export type FeedRequestParts = {
  /** Cascade-Timestamp: unix seconds. */
  readonly timestamp: string;
  /** Cascade-Nonce: 8 to 128 letters, digits or `_ - ~ : + / =`; no dot, so that the signed text can be read in one way only. */
  readonly nonce: string;
  /** Cascade-Batch: 1 to 128 visible ASCII characters. */
  readonly batch: string;
  readonly body: Uint8Array;
};

const TIMESTAMP = /^[0-9]{1,12}$/;
const NONCE = /^[A-Za-z0-9_~:+/=-]{8,128}$/;
const BATCH = /^[\x21-\x7e]{1,128}$/;
const HEADER = /^v1=([0-9a-f]{64})$/;

const isWellFormed = ({ timestamp, nonce, batch }: FeedRequestParts): boolean =>
  TIMESTAMP.test(timestamp) && NONCE.test(nonce) && BATCH.test(batch);

/** HMAC-SHA-256 with the source's secret over `timestamp.nonce.batch.sha256hex(body)`. */
const macOf = (secret: string, { timestamp, nonce, batch, body }: FeedRequestParts): Buffer =>
  createHmac('sha256', secret)
    .update(`${timestamp}.${nonce}.${batch}.${hash('sha256', body, 'hex')}`)
    .digest();

/** The value of the header Cascade-Signature, `v1=<hex>`. Throws a RangeError for parts that no receiver accepts. */
export function signFeedRequest(secret: string, parts: FeedRequestParts): string {
  if (!isWellFormed(parts))
    throw new RangeError('The timestamp, nonce or batch id has a form that no receiver accepts');
  return `v1=${macOf(secret, parts).toString('hex')}`;
}

/**
 * Whether a signature is one of the source's live secrets' (two during a rotation). Compares in constant time and
 * tries every secret. Says nothing about the age of the timestamp or whether the nonce was seen: the caller does.
 */
export function verifyFeedSignature(secrets: readonly string[], parts: FeedRequestParts, header: string): boolean {
  const hex = HEADER.exec(header)?.[1];
  if (hex === undefined || !isWellFormed(parts)) return false;
  const given = Buffer.from(hex, 'hex');
  let matches = false;
  for (const secret of secrets) matches = timingSafeEqual(macOf(secret, parts), given) || matches;
  return matches;
}
