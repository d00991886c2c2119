import { defineLateWriter } from '../late.ts';
import type { RealmTx } from '../tenant-tx.ts';
import { insertEvents, readHead, streamVersions, takeEventLock } from './queries.ts';
import { chainHash } from './chain.ts';
import type { NewEvent, StoredEvent } from './types.ts';

/** Events come after balances (order 1): they are the very last that a transaction writes. */
const collectEvents = defineLateWriter<NewEvent, RealmTx>('platform.events', 2, writeEvents);

/** Records a fact with the change it tells of: both are committed, or neither. */
export const emit = (tx: RealmTx, event: NewEvent): void => collectEvents(tx, [event]);

async function writeEvents(tx: RealmTx, events: readonly NewEvent[]): Promise<void> {
  await takeEventLock(tx, {});
  const [head] = await readHead(tx, {});
  if (head === undefined) throw new Error('platform.event_head has no row');
  const streams = [...new Set(events.map((event) => event.stream))];
  const versions = new Map((await streamVersions(tx, { streams })).map((row) => [row.stream, row.version]));
  let previousHash = head.hash;
  const rows = events.map((event, index) => {
    const version = (versions.get(event.stream) ?? 0) + 1;
    versions.set(event.stream, version);
    const stored: StoredEvent = {
      ...event,
      ...tx.origin,
      seq: head.seq + BigInt(index + 1),
      version,
      recordedAt: head.now,
    };
    const row = { stored, previousHash, hash: chainHash(previousHash, stored) };
    previousHash = row.hash;
    return row;
  });
  await insertEvents(tx, {
    ...tx.origin,
    recordedAt: head.now,
    seqs: rows.map((row) => row.stored.seq),
    streams: rows.map((row) => row.stored.stream),
    versions: rows.map((row) => row.stored.version),
    types: rows.map((row) => row.stored.type),
    schemaVersions: rows.map((row) => row.stored.schemaVersion),
    payloads: rows.map((row) => JSON.stringify(row.stored.payload)),
    previousHashes: rows.map((row) => row.previousHash),
    hashes: rows.map((row) => row.hash),
    lastSeq: head.seq + BigInt(rows.length),
    lastHash: previousHash,
  });
}
