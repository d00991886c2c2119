export { makeSendMail } from './outbox/service.ts';
export type { MailRealm } from './types.ts';
