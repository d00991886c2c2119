export { startScratchPostgres } from './scratch.ts';
export type { ServerSettings } from './settings.ts';
export { findPostgres, type PostgresOptions, type RunningPostgres, startPostgres } from './start.ts';
