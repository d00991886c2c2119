import type { TaskId } from '../../kernel/ids.ts';
import type { Right } from '../../kernel/operation.ts';
import type { AskedHost, Caller } from '../access.ts';
import { type Route, type RouteRequest, route, streamRoute } from '../route.ts';
import { writeSlowly } from '../slow-writer.ts';
import type { WithTenant } from '../tenant-tx.ts';
import * as contract from './contract.ts';
import { taskProblem } from './errors.ts';
import type { TaskKind } from './kinds.ts';
import * as queries from './queries.ts';
import { cancelTask, taskNow } from './service.ts';
import type { StoredTask } from './types.ts';

/** What the routes stand on. `mayAllOf` tells whether a caller has a right on everything of its kind. */
export type TaskRouteDeps = {
  readonly withTenant: WithTenant;
  readonly kinds: readonly TaskKind[];
  readonly mayAllOf: (caller: Caller, asked: AskedHost) => Promise<(right: Right) => boolean>;
};

type AnyRequest = Pick<RouteRequest<typeof contract.readTask>, 'access' | 'tenantId' | 'remoteAddress'>;

/** The routes of long work: whoever has the right of a kind sees its tasks, and others are answered as if there were none. */
export function taskRoutes({ withTenant, kinds, mayAllOf }: TaskRouteDeps): Route[] {
  const definedFor = async ({ access, tenantId, remoteAddress }: AnyRequest): Promise<TaskKind[]> => {
    const may = await mayAllOf(access.caller, { tenantId, remoteAddress });
    return kinds.filter(({ right }) => may(right));
  };
  const kindsFor = async (request: AnyRequest): Promise<string[]> =>
    (await definedFor(request)).map(({ kind }) => kind);
  return [
    route(contract.listTasks, async (request) => {
      const { tenantId, origin, query } = request;
      const { limit, cursor, sort, kind, state } = query;
      const seen = (await kindsFor(request)).filter((each) => kind === undefined || each === kind);
      const { rows, nextCursor } = await withTenant(tenantId, origin, (tx) =>
        queries.pageOfTasks(tx, { kinds: seen, state }, { limit, cursor, sort }),
      );
      return { status: 200, json: { data: rows.map(headShown), nextCursor } };
    }),
    route(contract.readTask, async (request) => {
      const { tenantId, origin, params } = request;
      const seen = await kindsFor(request);
      return withTenant(tenantId, origin, async (tx) => {
        const task = await taskNow(tx, params.taskId, seen);
        const files = task.state === 'done' ? await queries.filesOfTask(tx, { taskId: task.id }) : [];
        const shown = files.map(({ name, bytes }) => ({ name, bytes: Number(bytes) }));
        return {
          status: 200,
          json: { ...headShown(task), payload: task.payload, result: task.result ?? null, files: shown },
        };
      });
    }),
    route(contract.cancelTaskOperation, async (request) => {
      const { tenantId, origin, params } = request;
      const seen = await definedFor(request);
      const task = await withTenant(tenantId, origin, (tx) => cancelTask(tx, params.taskId, seen));
      return { status: 202, json: headShown(task) };
    }),
    streamRoute(contract.downloadTaskFile, async (request, { response }) => {
      const { tenantId, origin, params } = request;
      const { taskId, name } = params;
      const seen = await kindsFor(request);
      const piece = (after: number) =>
        withTenant(tenantId, origin, async (tx) => {
          const { state } = await taskNow(tx, taskId, seen);
          return state === 'done' ? (await queries.nextPiece(tx, { taskId, file: name, after }))[0] : undefined;
        });
      const first = await piece(0);
      if (first === undefined) throw taskProblem('platform.task_file_unknown');
      response.writeHead(200, {
        'Content-Type': name.endsWith('.csv') ? 'text/csv; charset=utf-8' : 'application/json',
        'Content-Disposition': `attachment; filename="${fileName(taskId, name)}"`,
        'Cache-Control': 'no-store',
      });
      // One piece is in memory at a time, however slowly it is read.
      for (let next: typeof first | undefined = first; next !== undefined; next = await piece(next.page))
        if (!(await writeSlowly(response, next.piece))) return;
      response.end();
    }),
  ];
}

const fileName = (taskId: TaskId, name: string): string => `${taskId}-${name}`;

const headShown = (task: StoredTask) => ({
  id: task.id,
  kind: task.kind,
  state: task.state,
  progress: {
    done: Number(task.progressDone),
    total: task.progressTotal === null ? null : Number(task.progressTotal),
  },
  isCancelAsked: task.cancelAskedBy !== null,
  problem: task.problem,
  requestedBy: task.requestedBy,
  createdAt: task.createdAt.toISOString(),
  startedAt: task.startedAt?.toISOString() ?? null,
  finishedAt: task.finishedAt?.toISOString() ?? null,
});
