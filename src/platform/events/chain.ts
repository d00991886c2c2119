import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { StoredEvent } from './types.ts';

/** The hash before the first event. */
export const CHAIN_START = Buffer.alloc(32);

/** SHA-256 over the previous hash and the RFC 8785 form of the event: one changed byte anywhere breaks the chain. */
export function chainHash(previousHash: Buffer, event: StoredEvent): Buffer {
  const canonical = canonicalize({
    seq: event.seq.toString(),
    stream: event.stream,
    version: event.version,
    type: event.type,
    schemaVersion: event.schemaVersion,
    payload: event.payload,
    actor: event.actor,
    causation: event.causation,
    recordedAt: event.recordedAt.toISOString(),
  });
  if (canonical === undefined) throw new TypeError('an event has no canonical form');
  return createHash('sha256').update(previousHash).update(canonical).digest();
}
