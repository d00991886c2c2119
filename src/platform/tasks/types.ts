import type { TaskId } from '../../kernel/ids.ts';

export const taskStates = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;
export type TaskState = (typeof taskStates)[number];

/** What JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Why a task failed, or why it is tried again. */
export type TaskProblem = { readonly code: string; readonly title: string; readonly detail: string | null };

/** A task as it is stored. */
export type StoredTask = {
  readonly id: TaskId;
  readonly kind: string;
  readonly payload: unknown;
  readonly state: TaskState;
  readonly requestedBy: string;
  readonly causation: string;
  readonly checkpoint: unknown;
  readonly progressDone: bigint;
  /** Null while nobody knows. */
  readonly progressTotal: bigint | null;
  readonly result: Json;
  readonly problem: TaskProblem | null;
  /** Beginnings since the last checkpoint. */
  readonly attempts: number;
  readonly cancelAskedBy: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly filesRemovedAt: Date | null;
};

/** How far a task is, and from where it goes on if its worker dies now. */
export type PageProgress<Checkpoint> = {
  readonly done: number;
  /** Left out while nobody knows. */
  readonly total?: number;
  /** Left out where the kind begins anew after a kill. */
  readonly checkpoint?: Checkpoint;
};
