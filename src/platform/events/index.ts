export { type Consumer, defineConsumer } from './consumer.ts';
export { emit } from './emit.ts';
export { headKeptOutside, hint, keepHeadOutside, takeHints } from './outside.ts';
export { type Relay, type RelaySettings, type RelayStats, runRelay } from './relay.ts';
export type { Finding, Json, StoredEvent } from './types.ts';
export { countEvents, verifyEvents } from './verify.ts';
export { recentSums } from './queries.ts';
export { pageOfStreams, type ToldEvent } from './streams.ts';
export { HintBuffer } from './hints.ts';
