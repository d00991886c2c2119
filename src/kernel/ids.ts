import { randomBytes } from 'node:crypto';
import { z } from 'zod';

/** Crockford's base32 alphabet: no I, L, O or U, so that an id read aloud or typed from paper cannot be mistaken. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const ID_DIGITS = 26; // 130 bits for 128: the first digit is at most 7.

/** How an id is kept in a column: a uuid, or a bigint key for the tables of the hot path. */
export type IdStorage = 'uuid' | 'key';

/** What `query()` must know of an id's schema to turn a column into an id and back. */
export const idColumns = z.registry<{ prefix: string; storage: IdStorage }>();

const storages = new Map<string, IdStorage>();

const prefixedId = (prefix: string, storage: IdStorage = 'uuid') => {
  storages.set(prefix, storage);
  return z
    .string()
    .regex(new RegExp(`^${prefix}_[0-7][0-9A-HJKMNP-TV-Z]{25}$`), `expected an id that starts with ${prefix}_`)
    .register(idColumns, { prefix, storage });
};

const ID_TEXT = /^([a-z]{3})_[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** How an id is kept; undefined for a text that is none, or of a kind that has no column (a request's `req_…`). */
export const storageOfId = (text: string): IdStorage | undefined => storages.get(ID_TEXT.exec(text)?.[1] ?? '');

export const TenantId = prefixedId('tnt').brand<'TenantId'>();
export type TenantId = z.infer<typeof TenantId>;
export const ClientId = prefixedId('cli').brand<'ClientId'>();
export type ClientId = z.infer<typeof ClientId>;
export const AccountId = prefixedId('acc').brand<'AccountId'>();
export type AccountId = z.infer<typeof AccountId>;
export const ClientCostId = prefixedId('cco').brand<'ClientCostId'>();
export type ClientCostId = z.infer<typeof ClientCostId>;
export const AccountRequestId = prefixedId('arq').brand<'AccountRequestId'>();
export type AccountRequestId = z.infer<typeof AccountRequestId>;
export const LedgerAccountId = prefixedId('lac').brand<'LedgerAccountId'>();
export type LedgerAccountId = z.infer<typeof LedgerAccountId>;
export const IbId = prefixedId('ibr').brand<'IbId'>();
export type IbId = z.infer<typeof IbId>;
export const SourceId = prefixedId('src').brand<'SourceId'>();
export type SourceId = z.infer<typeof SourceId>;
export const PlanId = prefixedId('pln').brand<'PlanId'>();
export type PlanId = z.infer<typeof PlanId>;
export const OverrideId = prefixedId('ovr').brand<'OverrideId'>();
export type OverrideId = z.infer<typeof OverrideId>;
export const UserId = prefixedId('usr').brand<'UserId'>();
export type UserId = z.infer<typeof UserId>;
export const SessionId = prefixedId('ses').brand<'SessionId'>();
export type SessionId = z.infer<typeof SessionId>;
export const ApiKeyId = prefixedId('key').brand<'ApiKeyId'>();
export type ApiKeyId = z.infer<typeof ApiKeyId>;
export const PasskeyId = prefixedId('pas').brand<'PasskeyId'>();
export type PasskeyId = z.infer<typeof PasskeyId>;
export const InvitationId = prefixedId('inv').brand<'InvitationId'>();
export type InvitationId = z.infer<typeof InvitationId>;
export const DeskId = prefixedId('dsk').brand<'DeskId'>();
export type DeskId = z.infer<typeof DeskId>;
export const ApprovalId = prefixedId('apr').brand<'ApprovalId'>();
export type ApprovalId = z.infer<typeof ApprovalId>;
export const ImpersonationId = prefixedId('imp').brand<'ImpersonationId'>();
export type ImpersonationId = z.infer<typeof ImpersonationId>;
export const PlatformGrantId = prefixedId('gra').brand<'PlatformGrantId'>();
export type PlatformGrantId = z.infer<typeof PlatformGrantId>;
export const OperationId = prefixedId('ops').brand<'OperationId'>();
export type OperationId = z.infer<typeof OperationId>;
export const TaskId = prefixedId('tsk').brand<'TaskId'>();
export type TaskId = z.infer<typeof TaskId>;
export const MessageId = prefixedId('msg').brand<'MessageId'>();
export type MessageId = z.infer<typeof MessageId>;
export const StatementId = prefixedId('sta').brand<'StatementId'>();
export type StatementId = z.infer<typeof StatementId>;
export const PayoutRunId = prefixedId('pyr').brand<'PayoutRunId'>();
export type PayoutRunId = z.infer<typeof PayoutRunId>;
export const PayoutItemId = prefixedId('pyi').brand<'PayoutItemId'>();
export type PayoutItemId = z.infer<typeof PayoutItemId>;
export const ClosingId = prefixedId('clo').brand<'ClosingId'>();
export type ClosingId = z.infer<typeof ClosingId>;
export const RerunId = prefixedId('rer').brand<'RerunId'>();
export type RerunId = z.infer<typeof RerunId>;
export const DiscrepancyId = prefixedId('dif').brand<'DiscrepancyId'>();
export type DiscrepancyId = z.infer<typeof DiscrepancyId>;
export const DisputeId = prefixedId('dsp').brand<'DisputeId'>();
export type DisputeId = z.infer<typeof DisputeId>;
export const TradeId = prefixedId('trd', 'key').brand<'TradeId'>();
export type TradeId = z.infer<typeof TradeId>;
export const DealId = prefixedId('dea', 'key').brand<'DealId'>();
export type DealId = z.infer<typeof DealId>;

export const AwardId = prefixedId('awd', 'key').brand<'AwardId'>();
export type AwardId = z.infer<typeof AwardId>;

/** Shows 128 bits as an id, for example `tnt_01J9Z3…`. */
export function encodeId(prefix: string, bits: bigint): string {
  let digits = '';
  for (const digit of bits.toString(32)) digits += ALPHABET.charAt(Number.parseInt(digit, 32));
  return `${prefix}_${digits.padStart(ID_DIGITS, '0')}`;
}

/** The 128 bits behind an id; the caller has validated its form with the id's schema. */
export function decodeId(id: string): bigint {
  let bits = 0n;
  for (const digit of id.slice(id.indexOf('_') + 1)) bits = (bits << 5n) | BigInt(ALPHABET.indexOf(digit));
  return bits;
}

/** A uuid as the database shows it, as an id. */
export const idFromUuid = (prefix: string, uuid: string): string =>
  encodeId(prefix, BigInt(`0x${uuid.replaceAll('-', '')}`));

/** An id as a uuid for a column. */
export function uuidFromId(id: string): string {
  const hex = decodeId(id).toString(16).padStart(32, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A bigint key of a hot table as an id, and back with `decodeId`. */
export const dealIdOf = (key: bigint): DealId => encodeId('dea', key) as DealId;
export const tradeIdOf = (key: bigint): TradeId => encodeId('trd', key) as TradeId;
export const awardIdOf = (key: bigint): AwardId => encodeId('awd', key) as AwardId;

/** The key behind the id of a row of a hot table; undefined where the id has more digits than a key, so that it is nobody's. */
export function keyOfId(id: DealId | TradeId | AwardId): bigint | undefined {
  const key = decodeId(id);
  return key < 2n ** 63n ? key : undefined;
}

/**
 * A new time-ordered uuid (RFC 9562, version 7): 48 bits of milliseconds, then random bits.
 * Made here and not in SQL, because Postgres 15 has no `uuidv7()`.
 */
export function newUuid(nowMs: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
