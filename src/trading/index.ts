export {
  dealParkedProblem,
  feedBodyProblem,
  feedLineProblem,
  tradingProblem,
  type DealDoubt,
  type FeedLineCode,
} from './errors.ts';
export { signFeedRequest, verifyFeedSignature, type FeedRequestParts } from './feed/signature.ts';
export { parseFeedBody, parseFeedLine, type FeedLine, type FeedLineResult } from './feed/wire.ts';
export { contentOf } from './platforms/mt5/content.ts';
export {
  doubtOf,
  translateDeal,
  translateDeletedDeal,
  type DeletedDeal,
  type Translated,
} from './platforms/mt5/translate.ts';
export { readMt5Report, type Mt5Report } from './platforms/mt5/report/report.ts';
export { checkClockRule, serverTimeFromUtc, utcFromServerTime, type ServerInstant } from './platforms/server-time.ts';
export {
  closesVolume,
  isEligible,
  isEligibleReason,
  isTraded,
  modifiersOf,
  opensVolume,
  VOLUME_UNITS_PER_LOT,
} from './rules.ts';
export type { Deal, DealEntry, RawDeal, RawValue, ServerClockRule } from './types.ts';
export { claimDue, closingDeals, dueSummary, firstDue, opensOf, park, parkedCounts, parkedDeals } from './due/service.ts';
export type { ClosingDeal, DueSummary, DueTrade, ParkedDeal, Parking, PositionOpen, Rerun } from './due/types.ts';
export { allServers, createServer, mapSymbols, setClockRule, setGroups } from './registry/service.ts';
export { allSources, createSource, rotateSecret } from './registry/sources.ts';
export type { BulkChange, CreatedSource, GroupSetting, NewServer, NewSource, SourceKeeping, SymbolMapping } from './registry/types.ts';
export { rerunParked } from './due/rerun.ts';
export { FeedAnswer, FeedCursor, LineVerdict } from './feed/contract.ts';
export { feedRoutes, type FeedRouteDependencies, type StoredBatchHint } from './feed/routes.ts';
export { tradesAsBooked, type TradeKeys } from './booked/service.ts';
