export { type DeliveryDeps, type MailDelivery, makeDelivery } from './delivery/service.ts';
export { openTransport, transportDefaults } from './delivery/transport.ts';
export { makeMailNudge, mailWaitingHandler, NOTIFICATION_QUEUE, sweepMail } from './jobs.ts';
export { makeSendMail } from './outbox/service.ts';
export { writeMail } from './templates/letters.ts';
export type { MailRealm } from './types.ts';
