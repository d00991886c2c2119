import { createHash, randomBytes } from 'node:crypto';
import type { UserId } from '../../kernel/ids.ts';
import { onlyRow } from '../../platform/query.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import * as queries from './queries.ts';

const TOKEN_BYTES = 32;

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** What a token is for; one of another purpose is no good. */
export type OneTimeUse = {
  /** `verify_email`, `reset_password`, `invitation` and the like. */
  readonly purpose: string;
  readonly userId: UserId | null;
  /** By the database's clock. */
  readonly minutes: number;
  /** What whoever uses it must know again. */
  readonly data?: { readonly [member: string]: unknown };
};

/** Makes a random token of 256 bits that can be used once; only its hash is kept. */
export async function makeOneTimeToken(
  tx: RealmTx,
  { purpose, userId, minutes, data = {} }: OneTimeUse,
): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  await queries.insertOneTimeToken(tx, { hash: hashOf(token), purpose, userId, minutes, data });
  return token;
}

/** What a token was made for. */
export type UsedToken = { readonly userId: UserId | null; readonly data: { readonly [member: string]: unknown } };

/** Uses a token up; undefined where it is unknown, used or too old, without a difference. */
export const useOneTimeToken = async (tx: RealmTx, purpose: string, token: string): Promise<UsedToken | undefined> =>
  (await queries.useOneTimeToken(tx, { hash: hashOf(token), purpose }))[0];

/** The same without using it up, for a look before the step that does. */
export const readOneTimeToken = async (tx: RealmTx, purpose: string, token: string): Promise<UsedToken | undefined> =>
  (await queries.readOneTimeToken(tx, { hash: hashOf(token), purpose }))[0];

/** How many of a person's tokens of a purpose could be used. */
export const countOneTimeTokens = async (tx: RealmTx, userId: UserId, purpose: string): Promise<number> =>
  onlyRow(await queries.countOneTimeTokens(tx, { userId, purpose })).live;

/** Makes all of a person's tokens of a purpose useless. */
export const dropOneTimeTokens = (tx: RealmTx, userId: UserId, purpose: string): Promise<unknown> =>
  queries.dropOneTimeTokens(tx, { userId, purpose });
