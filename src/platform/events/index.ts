export { emit } from './emit.ts';
export type { Json, NewEvent, StoredEvent } from './types.ts';
