export { chainsOf } from './chains/store.ts';
export { linkClients, relinkClient } from './links/service.ts';
export { setStatus } from './statuses/service.ts';
export { countIbs, ibKeys, ibOfId } from './store.ts';
export { createIb, createIbs, downlineOf, ibsAsOf, moveIb, uplineOf } from './tree/service.ts';
export type * from './types.ts';
export { verifyTree } from './verify/service.ts';
