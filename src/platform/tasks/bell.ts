import type { TaskId, TenantId } from '../../kernel/ids.ts';

type Listener = (tenantId: TenantId, taskId: TaskId) => void;

const listeners = new Set<Listener>();

/**
 * Listens for tasks that transactions of this process have committed, to put them on the queue at once; gives what ends it. A
 * hint only: where nobody listens the sweeper finds the task. It is kept here because a task may be asked for where nothing
 * but a transaction is at hand, such as the execution of an approval.
 */
export function onTaskRequested(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Tells all listeners; none of them throws. */
export function ringForTask(tenantId: TenantId, taskId: TaskId): void {
  for (const listener of listeners) listener(tenantId, taskId);
}
