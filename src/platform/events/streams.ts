import { z } from 'zod';
import { pagedQuery } from '../paging.ts';
import type { StoredEvent } from './types.ts';

const told = z.object({
  seq: z.bigint(),
  type: z.string(),
  payload: z.custom<StoredEvent['payload']>((value) => typeof value === 'object' && value !== null),
  actor: z.string(),
  causation: z.string(),
  recordedAt: z.date(),
});

/** A page of what happened in some streams, by the order of commits. */
export const pageOfStreams = pagedQuery(
  'platform.page_of_streams',
  told,
  `select e.seq, e.type, e.payload, e.actor, e.causation, e.recorded_at as "recordedAt"
     from platform.events e
    where e.stream = any (:streams::text[])`,
  {
    sorts: { seq: { column: 'seq', type: 'bigint' } },
    unique: { column: 'seq', schema: z.bigint(), type: 'bigint' },
  },
);
