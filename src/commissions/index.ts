export { tradeExecuted, COMMISSION_QUEUE, TRADES_PER_JOB_MAX } from './jobs.ts';
export { bookBatch, tradeExecutedHandler, type BookingDeps } from './booking/jobs.ts';
export { bookDueTrades, type Memory } from './booking/service.ts';
export { bookingCounts, PayableAccounts } from './booking/store.ts';
export type { BatchOutcome } from './booking/types.ts';
export { type Dispatcher, makeDispatcher } from './dispatch/service.ts';
export { agree, assignPlan, createPlan, draftVersion, listPlans, publishVersion, type NewAgreement } from './plans/service.ts';
export { PlanBooks } from './plans/store.ts';
export type { AgreementTerms, PlanDefinition } from './plans/contract.ts';
