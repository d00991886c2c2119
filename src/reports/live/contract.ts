import { z } from 'zod';
import { operation } from '../../kernel/operation.ts';

const SeqText = z.string().regex(/^\d{1,18}$/, 'expected the number of an event');

export const streamEvents = operation({
  id: 'streamEvents',
  method: 'get',
  path: '/api/v1/events/stream',
  on: 'tenant',
  tag: 'Events',
  summary: 'Listen to what happens, as Server-Sent Events',
  description:
    'One note per event that the caller may list the object of: `{"seq","type","subjectIds","recordedAt"}`; what it says is ' +
    'fetched by the ids, with the rights of that request. It begins with the event `ready` and the number from which it tells; ' +
    'after a break `Last-Event-ID` (or `after`) goes on behind that number, without gap or double. `reset` says that it lies too ' +
    'far back: load anew. `end` says why the stream ends: `sign_in` (the token has run out or the session has ended), ' +
    '`rights`, `suspended`, or `stopping`. A comment comes every 15 seconds; who reads too slowly is cut off.',
  need: { action: 'stream', resource: 'events' },
  headers: z.object({ 'last-event-id': SeqText.optional() }),
  query: z.strictObject({ after: SeqText.optional() }),
  answers: { 200: z.string() },
  contentType: 'text/event-stream',
  problems: ['events.streams_too_many', 'events.stopping'],
});
