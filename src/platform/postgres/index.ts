export { keepPostgres } from './keep.ts';
export { startScratchPostgres } from './scratch.ts';
export { findPostgres, type RunningPostgres, startPostgres } from './start.ts';
