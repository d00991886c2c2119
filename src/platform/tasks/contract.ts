import { z } from 'zod';
import { TaskId } from '../../kernel/ids.ts';
import { InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';
import { taskStates } from './types.ts';

const path = '/api/v1/tasks';
const form = { on: 'tenant', tag: 'Tasks' } as const;
const params = z.strictObject({ taskId: TaskId });

const fields = {
  id: TaskId,
  kind: z.string().meta({ description: 'What is done, for example `commissions.simulation`.' }),
  state: z.enum(taskStates).meta({
    description: 'A `queued` task waits for a worker, for the first time or after a failure that passes.',
  }),
  progress: z
    .strictObject({ done: z.int(), total: z.int().nullable().meta({ description: 'Null while nobody knows.' }) })
    .meta({ description: 'How much of its work is done, in units of its kind.' }),
  isCancelAsked: z.boolean().meta({ description: 'Whether somebody has asked it to stop.' }),
  problem: z
    .strictObject({ code: z.string(), title: z.string(), detail: z.string().nullable() })
    .nullable()
    .meta({ description: 'Why it failed, or why it is tried again.' }),
  requestedBy: z.string(),
  createdAt: InstantText,
  startedAt: InstantText.nullable(),
  finishedAt: InstantText.nullable(),
};

const TaskHead = z.strictObject(fields).meta({ id: 'TaskHead', description: 'Long work, as it stands in a list.' });

const TaskShown = z
  .strictObject({
    ...fields,
    payload: z.unknown().meta({ description: 'What was asked for.' }),
    result: z.unknown().meta({ description: 'What came of it, by its kind; null before it is done.' }),
    files: z
      .array(z.strictObject({ name: z.string(), bytes: z.int() }))
      .meta({ description: 'What can be downloaded for 30 days once it is done.' }),
  })
  .meta({ id: 'Task', description: 'Long work: how far it is, and what came of it.' });

/** The answer (202) of an operation that is done as a task. */
export const TaskAsked = z
  .strictObject({ taskId: TaskId })
  .meta({ id: 'TaskAsked', description: 'What was asked is done as a task.' });

export const listTasks = operation({
  ...form,
  id: 'listTasks',
  method: 'get',
  path,
  summary: 'Lists long work',
  description: 'Tasks of the kinds that the caller may see, newest first unless `sort` says otherwise.',
  need: { action: 'list', resource: 'tasks' },
  query: pageQuery(['-createdAt', 'createdAt'], {
    kind: z.string().max(60).optional(),
    state: z.enum(taskStates).optional(),
  }),
  answers: { 200: pageOf(TaskHead) },
  problems: ['platform.cursor_invalid'],
});

export const readTask = operation({
  ...form,
  id: 'readTask',
  method: 'get',
  path: `${path}/{taskId}`,
  summary: 'Shows a task: how far it is, its result and its files',
  need: { action: 'read', resource: 'tasks' },
  params,
  answers: { 200: TaskShown },
  problems: ['platform.task_unknown'],
});

export const cancelTaskOperation = operation({
  ...form,
  id: 'cancelTask',
  method: 'post',
  path: `${path}/{taskId}/cancel`,
  summary: 'Ends a task that waits, and stops one that runs',
  description:
    'A running task stops after the page at hand; what its earlier pages did stays. What people have agreed to is not stopped.',
  need: { action: 'cancel', resource: 'tasks' },
  params,
  answers: { 202: TaskHead },
  problems: ['platform.task_unknown', 'platform.task_ended', 'platform.task_agreed'],
});

export const downloadTaskFile = operation({
  ...form,
  id: 'downloadTaskFile',
  method: 'get',
  path: `${path}/{taskId}/files/{name}`,
  summary: 'Downloads a file of a task that is done',
  need: { action: 'download', resource: 'tasks' },
  params: z.strictObject({ taskId: TaskId, name: z.string().regex(/^[a-z0-9_-]{1,60}\.(csv|json)$/) }),
  answers: { 200: z.unknown() },
  contentType: 'text/csv, application/json',
  problems: ['platform.task_unknown', 'platform.task_file_unknown'],
});
