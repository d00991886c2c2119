import { createHash, createHmac, randomBytes } from 'node:crypto';
import { idFromUuid, newUuid, SessionId, type UserId } from '../../kernel/ids.ts';
import { emit } from '../../platform/events/index.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import { identityProblem } from '../errors.ts';
import type { SignInSurface } from '../tokens/types.ts';
import { userStream } from '../users/service.ts';
import * as queries from './queries.ts';
import type { Device, SessionEnd, OpenedSession, RefreshOutcome, SessionSettings, SessionView } from './types.ts';

const TOKEN_BYTES = 32;
/** A person with more live sessions than this loses the oldest. */
const SESSIONS_MAX = 50;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const sessionDefaults: SessionSettings = {
  staff: { lifeMs: 12 * HOUR_MS, idleMs: 2 * HOUR_MS },
  others: { lifeMs: 30 * DAY_MS, idleMs: 14 * DAY_MS },
  forgivenMs: 10_000,
};

/** What making sessions needs: `key` is derived from the installation's secret. */
export type SessionDeps = { readonly key: Buffer; readonly settings: SessionSettings };

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/**
 * Opens a session for somebody who has proved who he is. `isProven`: by a second factor too. `identity.credentials_wrong` where
 * he is not active any more.
 */
export async function openSession(
  tx: RealmTx,
  { settings }: SessionDeps,
  { userId, surface, isProven, device }: OpeningOf,
): Promise<OpenedSession> {
  const id = SessionId.parse(idFromUuid('ses', newUuid(Date.now())));
  const times = surface === 'admin' || surface === 'ops' ? settings.staff : settings.others;
  const opened = await queries.insertSession(tx, { id, userId, surface, isProven, ...times, ...device });
  if (opened.length === 0) throw identityProblem('identity.credentials_wrong');
  const refreshToken = randomBytes(TOKEN_BYTES).toString('base64url');
  await queries.insertRefreshToken(tx, { hash: hashOf(refreshToken), sessionId: id });
  const beyond = await queries.endOldestSessions(tx, { userId, kept: SESSIONS_MAX, because: 'too_many' });
  if (beyond.length > 0)
    noteEnd(
      tx,
      userId,
      beyond.map((each) => each.id),
      'too_many',
    );
  const payload = { sessionId: id, surface, isProven };
  emit(tx, { stream: userStream(userId), type: 'identity.signed_in', schemaVersion: 1, payload });
  return { sessionId: id, refreshToken, lifeSeconds: Math.floor(times.lifeMs / 1000) };
}

export type OpeningOf = {
  readonly userId: UserId;
  readonly surface: SignInSurface;
  readonly isProven: boolean;
  readonly device: Device;
};

/**
 * Uses a refresh token: it is good once, and its successor takes its place (RFC 9700, 4.14.2). The successor follows from
 * the token, a random salt and a key of the installation, so that of two tabs which use one token at the same moment the
 * second gets the very same successor: once, within the time that is forgiven, as long as nobody has used the successor.
 * Any other use of an old token ends the session: two have it, and nobody knows which is its owner.
 */
export async function useRefreshToken(
  tx: RealmTx,
  { key, settings }: SessionDeps,
  { token, device }: { readonly token: string; readonly device: Device },
): Promise<RefreshOutcome> {
  const hash = hashOf(token);
  const [taken] = await queries.takeRefreshToken(tx, { hash, forgivenMs: settings.forgivenMs });
  if (taken === undefined || !taken.isAlive) return { kind: 'invalid' };
  const { userId, sessionId, surface, lifeSeconds, successorHash, successorSalt } = taken;
  const refreshed = { kind: 'refreshed', userId, sessionId, surface, lifeSeconds } as const;
  if (!taken.isUsed) {
    const salt = randomBytes(TOKEN_BYTES);
    const refreshToken = successorOf(key, token, salt);
    const successor = { successorHash: hashOf(refreshToken), successorSalt: salt };
    await queries.rotateRefreshToken(tx, { hash, sessionId, ...successor, ...device });
    return { ...refreshed, refreshToken };
  }
  const isForgiven =
    taken.isForgivable && successorSalt !== null && (await queries.isUnused(tx, { hash: successorHash })).length === 1;
  if (isForgiven) {
    await queries.forgiveRefreshToken(tx, { hash });
    return { ...refreshed, refreshToken: successorOf(key, token, successorSalt) };
  }
  await endSession(tx, { userId, sessionId, because: 'reuse' });
  return { kind: 'reused', userId, sessionId };
}

const successorOf = (key: Buffer, token: string, salt: Buffer): string =>
  createHmac('sha256', key).update(salt).update(token).digest('base64url');

/** Ends a person's session; `identity.session_unknown` where he has no such live one. */
export async function endSession(
  tx: RealmTx,
  {
    userId,
    sessionId,
    because,
  }: { readonly userId: UserId; readonly sessionId: SessionId; readonly because: SessionEnd },
): Promise<void> {
  const ended = await queries.endSession(tx, { id: sessionId, userId, because });
  if (ended.length === 0) throw identityProblem('identity.session_unknown');
  noteEnd(tx, userId, [sessionId], because);
}

/** Ends all of a person's sessions, but for `keptId`; gives those that ended. */
export async function endSessionsOf(
  tx: RealmTx,
  userId: UserId,
  because: SessionEnd,
  keptId: SessionId | null = null,
): Promise<SessionId[]> {
  const ended = (await queries.endSessionsOfUser(tx, { userId, because, keptId })).map(({ id }) => id);
  if (ended.length > 0) noteEnd(tx, userId, ended, because);
  return ended;
}

/** Ends the session that a refresh token belongs to, whatever its state; gives it, or undefined where there is none. */
export async function endSessionOfToken(tx: RealmTx, token: string): Promise<SessionId | undefined> {
  const [found] = await queries.sessionOfToken(tx, { hash: hashOf(token) });
  if (found === undefined) return undefined;
  const ended = await queries.endSession(tx, { id: found.sessionId, userId: found.userId, because: 'signed_out' });
  if (ended.length > 0) noteEnd(tx, found.userId, [found.sessionId], 'signed_out');
  return found.sessionId;
}

function noteEnd(tx: RealmTx, userId: UserId, sessionIds: readonly SessionId[], because: SessionEnd): void {
  const payload = { sessionIds, because };
  emit(tx, { stream: userStream(userId), type: 'identity.sessions_ended', schemaVersion: 1, payload });
}

/** Notes that a second factor was given in a session just now; gives the instant, undefined where the session has ended. */
export async function markProven(tx: RealmTx, sessionId: SessionId): Promise<Date | undefined> {
  const [row] = await queries.setProven(tx, { id: sessionId });
  return row?.provenAt;
}

/** A person's live sessions, the newest first. */
export const listSessions = (tx: RealmTx, userId: UserId): Promise<SessionView[]> =>
  queries.sessionsOfUser(tx, { userId, max: SESSIONS_MAX });
