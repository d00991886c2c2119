export { PARTY_KINDS, type Party, type PartyKind, type UnpaidStatement } from './types.ts';
