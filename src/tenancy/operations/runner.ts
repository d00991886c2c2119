import { randomUUID } from 'node:crypto';
import { reach } from '#fault-points';
import type { OperationId } from '../../kernel/ids.ts';
import { Problem } from '../../kernel/problem.ts';
import { isTransient } from '../../platform/database.ts';
import { failureTold } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import { handlerOf, type JobHandler } from '../../platform/queue/index.ts';
import type { Origin, WithControl } from '../../platform/tenant-tx.ts';
import { tenancyProblem } from '../errors.ts';
import { type Act, tellTenant } from '../notices/service.ts';
import { tenantOperationDue } from './jobs.ts';
import * as queries from './queries.ts';
import type { OperationKind, OperationResult, TenantOperation } from './types.ts';

/** After so many beginnings an operation is given up: each ended with its worker or with a database out of reach. */
const ATTEMPTS_MAX = 8;
/** Progress is written at most this often; the lease is renewed with it. */
const PROGRESS_MS = 500;

/** What one operation is given while it runs. */
export type Running = {
  readonly operation: TenantOperation;
  readonly origin: Origin;
  /** Says how far it is. */
  readonly progress: (done: number, total: number) => void;
  /** Aborted when another worker has the operation: what is written afterwards must not count. */
  readonly signal: AbortSignal;
};

/** What an operation came to, and what the tenant is told of it. */
export type OperationOutcome = { readonly result: OperationResult; readonly act: Act | null };

/** Does one kind of operation; doing it again after it was interrupted must come to the same. */
export type Doer = (running: Running) => Promise<OperationOutcome>;

/** What running operations needs. `leaseMs`: a worker that does not renew for this long has lost its operation. */
export type RunnerDeps = {
  readonly withControl: WithControl;
  readonly doers: Readonly<Record<OperationKind, Doer>>;
  readonly leaseMs: number;
  readonly log: Logger;
  /** Told after an operation has ended, so that the tenant is told at once. */
  readonly onEnded?: (operation: TenantOperation) => void;
};

/** What a job of the queue `tenants` does. */
export const tenantOperationHandler = (deps: RunnerDeps): JobHandler =>
  handlerOf(tenantOperationDue, (_context, { operationId }) => runOperation(deps, operationId));

/**
 * Does an operation, unless it has ended or another worker has it. A database out of reach puts it back; anything else ends
 * it as failed, with its code. It resolves either way: the control database says what became of it.
 */
export async function runOperation(deps: RunnerDeps, id: OperationId): Promise<void> {
  const { withControl, leaseMs, log } = deps;
  const holder = randomUUID();
  const [operation] = await withControl((tx) => queries.claimOperation(tx, { id, holder, leaseMs }));
  if (operation === undefined) return;
  const lease = new Lease(deps, operation.id, holder);
  const origin: Origin = { actor: operation.requestedBy, causation: operation.id };
  try {
    if (operation.attempts > ATTEMPTS_MAX) throw tenancyProblem('tenancy.operation_abandoned');
    await reach('operations.claimed');
    const outcome = await deps.doers[operation.kind]({
      operation,
      origin,
      progress: (done, total) => lease.progress(done, total),
      signal: lease.signal,
    });
    await lease.end();
    await reach('operations.before_finish');
    await withControl(async (tx) => {
      const result = JSON.stringify(outcome.result);
      const { done, total } = lease.far;
      const ended = await queries.finishOperation(tx, {
        id,
        holder,
        state: 'done',
        result,
        problem: null,
        done,
        total,
      });
      if (ended.length > 0 && outcome.act !== null) await tellTenant(tx, operation.tenantId, outcome.act);
    }, origin);
    log.info({ operationId: id, kind: operation.kind }, 'an operation on a tenant is done');
  } catch (error) {
    await lease.end();
    await fail(deps, { operation, holder, error, far: lease.far });
  }
  deps.onEnded?.(operation);
}

type Failure = {
  readonly operation: TenantOperation;
  readonly holder: string;
  readonly error: unknown;
  readonly far: { readonly done: number; readonly total: number };
};

async function fail({ withControl, log }: RunnerDeps, { operation, holder, error, far }: Failure): Promise<void> {
  const { id, kind, tenantId, attempts } = operation;
  const said = failureTold(error);
  const problem = JSON.stringify(said);
  const passes = (isTransient(error) || (error instanceof Problem && error.status === 503)) && attempts < ATTEMPTS_MAX;
  log[passes ? 'warn' : 'error']({ err: error, operationId: id, kind, attempts }, 'an operation on a tenant failed');
  await withControl(
    async (tx) => {
      if (passes) {
        await queries.releaseOperation(tx, { id, holder, problem });
        return;
      }
      const ended = await queries.finishOperation(tx, { id, holder, state: 'failed', result: null, problem, ...far });
      const act = { type: `tenancy.${kind}_failed`, payload: { operationId: id, code: said.code } };
      if (ended.length > 0) await tellTenant(tx, tenantId, act); // A tenant that is never made is never told.
    },
    { actor: operation.requestedBy, causation: id },
  );
}

/** A worker's hold on an operation: renewed while it runs, and known to be lost when it is. */
class Lease {
  readonly #deps: RunnerDeps;
  readonly #id: OperationId;
  readonly #holder: string;
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #far = { done: 0, total: 0 };
  #writtenMs = 0;
  #writing: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(deps: RunnerDeps, id: OperationId, holder: string) {
    this.#deps = deps;
    this.#id = id;
    this.#holder = holder;
    this.#timer = setInterval(() => this.#write(), deps.leaseMs / 3);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get far(): { readonly done: number; readonly total: number } {
    return this.#far;
  }

  progress(done: number, total: number): void {
    this.#far = { done, total };
    if (performance.now() - this.#writtenMs >= PROGRESS_MS) this.#write();
  }

  /** Waits for what is being written; nothing more is written afterwards. */
  async end(): Promise<void> {
    this.#ended = true;
    clearInterval(this.#timer);
    await this.#writing;
  }

  #write(): void {
    if (this.#ended) return;
    this.#writtenMs = performance.now();
    const { withControl, leaseMs, log } = this.#deps;
    const params = { id: this.#id, holder: this.#holder, leaseMs, ...this.#far };
    this.#writing = this.#writing.then(async () => {
      try {
        const kept = await withControl((tx) => queries.renewOperation(tx, params));
        if (kept.length === 0 && !this.#ended) this.#abort.abort(new Error('another worker has the operation'));
      } catch (error) {
        log.warn({ err: error, operationId: this.#id }, 'a lease on an operation could not be renewed');
      }
    });
  }
}
