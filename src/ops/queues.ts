import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import type { Queue } from 'bullmq';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnyQueue } from '../platform/queue/index.ts';
import { opsProblem } from './errors.ts';
import type { QueueState } from './types.ts';

/** Where the board is mounted; its pages link to themselves by it. */
export const BOARD_PATH = '/ops/queues';

/** What the board may change: nothing that makes, alters or throws away a job. */
const ALLOWED_CHANGE =
  /^\/api\/queues\/(pause|resume|[^/]+\/(pause|resume|promote|retry\/failed)|[^/]+\/[^/]+\/(retry|promote))$/;
const READS = new Set(['GET', 'HEAD']);

type Handler = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/**
 * The interim queue board, on the Redis and the Postgres backend alike. Jobs can be looked at, failed ones tried again,
 * delayed ones promoted, queues paused and resumed. It guards nothing by itself: mount it behind the operator's token.
 */
export function queueBoard(queues: readonly AnyQueue[]): Handler {
  const server = new ExpressAdapter();
  server.setBasePath(BOARD_PATH);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue as Queue, { allowRetries: true, readOnlyMode: false })),
    serverAdapter: server,
    options: {
      uiConfig: { boardTitle: 'Cascade queues', hideDocsLink: true, miscLinks: [{ text: 'Operator', url: '/ops' }] },
    },
  });
  const board = server.getRouter() as Handler;
  return (request, response, next) => {
    const path = (request.url ?? '').replace(/\?.*$/s, '');
    if (READS.has(request.method ?? '') || ALLOWED_CHANGE.test(path)) board(request, response, next);
    else next(opsProblem('ops.board_action_refused'));
  };
}

/** How a queue stands now; rejects when the queue's store is away. */
export async function queueState(queue: AnyQueue, now: Date): Promise<QueueState> {
  const [counts, oldest, paused, workers] = await Promise.all([
    queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'failed', 'completed'),
    queue.getJobs(['waiting'], 0, 0, true),
    queue.isPaused(),
    queue.getWorkers(),
  ]);
  const count = (state: string): number => counts[state] ?? 0;
  const sinceMs = oldest[0]?.timestamp;
  return {
    name: queue.name,
    paused,
    workers: workers.length,
    waiting: count('waiting') + count('prioritized'),
    active: count('active'),
    delayed: count('delayed'),
    failed: count('failed'),
    completed: count('completed'),
    oldestWaitingMs: sinceMs === undefined ? null : Math.max(0, now.getTime() - sinceMs),
  };
}
