import { csvLine } from '../../platform/csv.ts';
import type { ChainedEvent } from '../../platform/events/index.ts';

/** How an export is written: its media type, what comes first, and an event as a line. */
type Format = { readonly contentType: string; readonly head: string; readonly line: (event: ChainedEvent) => string };

const columns = ['seq', 'recordedAt', 'actor', 'type', 'stream', 'version', 'schemaVersion', 'causation', 'payload', 'previousHash', 'hash']; // prettier-ignore

export const formats: Readonly<Record<'ndjson' | 'csv', Format>> = {
  ndjson: {
    contentType: 'application/x-ndjson',
    head: '',
    line: ({ seq, recordedAt, previousHash, hash, ...event }) =>
      `${JSON.stringify({
        seq: seq.toString(),
        recordedAt: recordedAt.toISOString(),
        ...event,
        previousHash: previousHash.toString('hex'),
        hash: hash.toString('hex'),
      })}\n`,
  },
  csv: {
    contentType: 'text/csv; charset=utf-8',
    head: csvLine(columns),
    line: (event) =>
      csvLine([
        event.seq,
        event.recordedAt.toISOString(),
        event.actor,
        event.type,
        event.stream,
        event.version,
        event.schemaVersion,
        event.causation,
        JSON.stringify(event.payload),
        event.previousHash.toString('hex'),
        event.hash.toString('hex'),
      ]),
  },
};
