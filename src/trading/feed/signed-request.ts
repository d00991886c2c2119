import type { Clock } from '../../kernel/clock.ts';
import { SourceId } from '../../kernel/ids.ts';
import type { Logger } from '../../platform/logger.ts';
import { feedProblem } from './errors.ts';
import { verifyFeedSignature } from './signature.ts';

/** A request to a feed as it came: nothing of it is believed, and its body is not read, before the signature holds. */
export type FeedRequest = {
  readonly sourceId: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly log: Logger;
};

/** What a signature that holds vouches for. */
export type Signed = {
  readonly sourceId: SourceId;
  readonly batch: string;
  readonly nonce: string;
  readonly signedAt: Date;
};

/** How far a timestamp may be from now, either way (contract, The feed). */
const TOLERANCE_MS = 300_000;

/**
 * Verifies a request's signature over its bytes as sent. Whatever is wrong (source, header, age, secret) is the same
 * `feed.signature_invalid`; only the log says which.
 */
export async function verifiedRequest(
  request: FeedRequest,
  clock: Clock,
  secretsOf: (sourceId: SourceId) => Promise<readonly string[]>,
): Promise<Signed> {
  const refuse = (reason: string) => {
    request.log.warn({ reason, source: request.sourceId.slice(0, 40) }, 'feed request refused');
    return feedProblem('feed.signature_invalid');
  };
  const {
    'cascade-batch': batch,
    'cascade-timestamp': timestamp,
    'cascade-nonce': nonce,
    'cascade-signature': signature,
  } = request.headers;
  if (batch === undefined || timestamp === undefined || nonce === undefined || signature === undefined)
    throw refuse('a header is missing');
  const signedAt = new Date(Number(timestamp) * 1000);
  if (!(Math.abs(signedAt.getTime() - clock.now().getTime()) <= TOLERANCE_MS))
    throw refuse('the timestamp is not of now');
  const sourceId = SourceId.safeParse(request.sourceId);
  if (!sourceId.success) throw refuse('the source id is malformed');
  const secrets = await secretsOf(sourceId.data);
  if (secrets.length === 0) throw refuse('the source is unknown');
  if (!verifyFeedSignature(secrets, { timestamp, nonce, batch, body: request.body }, signature))
    throw refuse('the signature does not match');
  return { sourceId: sourceId.data, batch, nonce, signedAt };
}
