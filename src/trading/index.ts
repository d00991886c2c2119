export { signFeedRequest, verifyFeedSignature } from './feed/signature.ts';
export { parseFeedBody, parseFeedLine } from './feed/wire.ts';
export { contentOf } from './platforms/mt5/content.ts';
export { doubtOf, translateDeal } from './platforms/mt5/translate.ts';
export { readMt5Report, type Mt5Report } from './platforms/mt5/report/report.ts';
export { serverTimeFromUtc, utcFromServerTime } from './platforms/server-time.ts';
export { closesVolume, isEligible, isTraded } from './rules.ts';
export type { Deal, RawDeal, ServerClockRule } from './types.ts';
export {
  claimDue,
  closingDeals,
  dueSummary,
  dealCounts,
  dueKeys,
  namesOfRows,
  opensOf,
  park,
  parkedCounts,
  parkedDeals,
  whereaboutsOf,
} from './due/service.ts';
export type { ClosingDeal, DueTrade, PositionOpen, Whereabouts } from './due/types.ts';
export {
  allServers,
  createServer,
  isAccountGroup,
  mapSymbols,
  registeredNow,
  setClockRule,
  setGroups,
} from './registry/service.ts';
export { allSources, createSource, liveSecrets, rotateSecret } from './registry/sources.ts';
export type { GroupSetting, SymbolMapping } from './registry/types.ts';
export { batchKeyOf } from './deals/rules.ts';
export {
  closedTrades,
  activeRanges,
  closesDelivered,
  closesOf,
  countClosed,
  executionOfKey,
  executionsOfTicket,
  tradeOfKey,
  tradesByKey,
} from './trades/service.ts';
export type { ClosedTrade, TradePoint } from './trades/types.ts';
export { openReasonNames, reasonNumberOf } from './opens/rules.ts';
export { openRoutes } from './opens/routes.ts';
export { setOpenByHand } from './opens/service.ts';
export { opensByHandOf } from './opens/store.ts';
export { parkedRoutes } from './due/routes.ts';
export { sourceRoutes } from './registry/routes.ts';
export { rerunParked } from './due/rerun.ts';
export { FeedAnswer, FeedCursor } from './feed/contract.ts';
export { feedRoutes, type StoredBatchHint } from './feed/routes.ts';
export { accountStatesOf, withAccountState } from './account-states/service.ts';
export { executionsOf } from './executions/service.ts';
export { ecbQuotations } from './rates/ecb.ts';
export { conversionsOf, importRates } from './rates/service.ts';
export { countOpens, openedVolumesOf, symbolsAsOf } from './counting/service.ts';
export { keysAsBookedNow, tradesAsBooked } from './booked/service.ts';
export {
  amendmentsWait,
  bookAfterAll,
  carryOut,
  forgetPositions,
  keepWaiting,
  noteLateOpens,
  takeUpAmendments,
  touchedPositions,
} from './amendments/service.ts';
export type { BookedAmendment } from './amendments/service.ts';
export { countDeals, verifyFeed } from './verify/service.ts';
export { moneyArrived, moneyNamed, moneyOperationsOf, moneyPagesOf, settledDeal } from './money/service.ts';
export type { MoneyArrival, MoneyOperation } from './money/types.ts';
export { waitingBefore } from './waiting/service.ts';
