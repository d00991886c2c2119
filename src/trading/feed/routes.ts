import type { TenantId } from '../../kernel/ids.ts';
import type { Logger } from '../../platform/logger.ts';
import { type Route, type RouteRequest, route } from '../../platform/route.ts';
import { readFeedCursor, sendFeedBatch } from './contract.ts';
import { type FeedDependencies, type LineCounts, readCursor, receive } from './service.ts';
import type { FeedRequest } from './signed-request.ts';

/** What a batch put among the due deals. */
export type StoredBatchHint = {
  readonly tenantId: TenantId;
  readonly batchKey: bigint;
  readonly dealKeys: readonly bigint[];
};

export type FeedRouteDependencies = FeedDependencies & {
  /** Told after the commit that there is work. Only a hint: it may fail or be slow, the answer waits 50 ms for it at most. */
  readonly onStored: (hint: StoredBatchHint) => Promise<void>;
  /** Told of the lines of each batch that was new, for metrics. */
  readonly onLines?: (counts: LineCounts) => void;
};

const HINT_MS_MAX = 50;

const NO_BODY = Buffer.alloc(0);

type Asked = Pick<RouteRequest<typeof readFeedCursor>, 'params' | 'headers' | 'log'>;

const feedRequest = ({ params, headers, log }: Asked, body: Buffer): FeedRequest => ({
  sourceId: params.sourceId,
  headers,
  body,
  log,
});

/** Tells that there is work, and gives up after 50 ms: a queue that is down must not delay a sender. */
async function hint(tell: () => Promise<void>, log: Logger): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, HINT_MS_MAX);
  });
  const told = (async () => tell())().catch((error: unknown) =>
    log.warn({ err: error }, 'the queue was not told of due deals'),
  );
  await Promise.race([told, patience]);
  clearTimeout(timer);
}

/** The routes of the trade feed (contract, The feed). */
export const feedRoutes = (deps: FeedRouteDependencies): Route[] => [
  route(sendFeedBatch, async (request) => {
    const { tenantId, requestId, log, body } = request;
    const { answer, batchKey, dealKeys, counts } = await receive(deps, tenantId, feedRequest(request, body), requestId);
    if (counts !== undefined) deps.onLines?.(counts);
    if (dealKeys.length > 0) await hint(() => deps.onStored({ tenantId, batchKey, dealKeys }), log);
    return { status: 200, text: answer, contentType: 'application/json' };
  }),
  route(readFeedCursor, async (request) => ({
    status: 200,
    json: await readCursor(deps, request.tenantId, feedRequest(request, NO_BODY), request.requestId),
  })),
];
