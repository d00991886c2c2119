import type { TaskKind } from '../platform/tasks/index.ts';

/** Every kind of long work: one line for each. */
export const taskKinds: readonly TaskKind[] = [];
