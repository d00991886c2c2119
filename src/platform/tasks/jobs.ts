import { z } from 'zod';
import { TaskId, TenantId } from '../../kernel/ids.ts';
import type { JobDefinition } from '../queue/index.ts';

/** Long work of tenants has a queue of its own: bookings, mails and work on whole tenants do not wait for it. */
export const TASK_QUEUE = 'tasks';

export const TaskDue = z.strictObject({ tenantId: TenantId, taskId: TaskId });
export type TaskDue = z.infer<typeof TaskDue>;

/** Says that a task is to be done. The sweeper puts it back, not the queue: what is true stands in the tenant's database. */
export const taskDue: JobDefinition<TaskDue> = {
  queue: TASK_QUEUE,
  name: 'Task',
  payload: TaskDue,
  sameAs: ({ taskId }) => `task.${taskId}`,
  attemptsMax: 1,
  backoffMs: 1_000,
};
