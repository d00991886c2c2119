import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import type { Sealer } from '../../platform/crypto.ts';
import { emit } from '../../platform/events/index.ts';
import type { Logger } from '../../platform/logger.ts';
import { onlyRow } from '../../platform/query.ts';
import type { ControlTx, WithControl } from '../../platform/tenant-tx.ts';
import { deleteSigningKeys, insertSigningKey, liveSigningKeys, lockSigningKeys, retireSigningKeys } from './queries.ts';

/** Periods of the signing keys, in milliseconds. */
export type KeyRingSettings = {
  /** How long what was read is used without asking again. */
  readonly keptMs: number;
  /** A key that is not known makes it look again, at most this often, whoever asks. */
  readonly lookAgainMs: number;
  /** While the control database cannot be reached, what is known is used up to this age. */
  readonly staleMsMax: number;
  /** A new key signs after this time; longer than `keptMs`, so that every process knows it by then. */
  readonly leadMs: number;
  /** A key that is older is followed by a new one. */
  readonly ageMsMax: number;
  /** How long a key verifies after it has stopped signing: longer than a token lives. */
  readonly afterlifeMs: number;
};

const MINUTE_MS = 60_000;

export const keyRingDefaults: KeyRingSettings = {
  keptMs: 15_000,
  lookAgainMs: 1_000,
  staleMsMax: 10 * MINUTE_MS,
  leadMs: MINUTE_MS,
  ageMsMax: 30 * 24 * 60 * MINUTE_MS,
  afterlifeMs: 20 * MINUTE_MS,
};

export type KeyRingDeps = {
  readonly withControl: WithControl;
  readonly sealer: Sealer;
  readonly settings: KeyRingSettings;
  readonly log: Logger;
};

export type SigningKey = { readonly kid: string; readonly privateKey: KeyObject };

type Read = {
  readonly verifying: ReadonlyMap<string, KeyObject>;
  /** The oldest first. */
  readonly signing: readonly (SigningKey & { readonly signsFromMs: number })[];
  /** The database's time when it was read, and this process's monotonic one. */
  readonly databaseMs: number;
  readonly atMs: number;
};

const contextOf = (kid: string): string => `identity.signing_keys/${kid}`;

/**
 * The keys that sign and verify access tokens, read from the control database and kept for a while. A kid is only ever
 * looked up among them; it never becomes part of a path or a statement.
 */
export class KeyRing {
  readonly #deps: KeyRingDeps;
  #read: Read | undefined;
  #reading: Promise<Read> | undefined;
  #lookedAtMs = -Infinity;

  constructor(deps: KeyRingDeps) {
    this.#deps = deps;
  }

  /** The database's time in seconds, for what tokens say of time: this machine's clock may be wrong. */
  async nowSeconds(): Promise<number> {
    const { databaseMs, atMs } = await this.#fresh();
    return Math.floor((databaseMs + performance.now() - atMs) / 1000);
  }

  /** The key that signs at this moment. */
  async signer(): Promise<SigningKey> {
    const read = await this.#fresh();
    const nowMs = read.databaseMs + performance.now() - read.atMs;
    const signer = read.signing.findLast(({ signsFromMs }) => signsFromMs <= nowMs) ?? read.signing[0];
    if (signer === undefined) throw new Error('there is no signing key');
    return signer;
  }

  /** The key of this name; undefined where there is none, or none whose tokens could still live. */
  async verifier(kid: string): Promise<KeyObject | undefined> {
    const known = (await this.#fresh()).verifying.get(kid);
    if (known !== undefined) return known;
    if (performance.now() - this.#lookedAtMs < this.#deps.settings.lookAgainMs) return undefined;
    return (await this.#look()).verifying.get(kid);
  }

  /** Forgets what was read, because it was changed here. */
  forget(): void {
    this.#read = undefined;
    this.#reading = undefined;
  }

  async #fresh(): Promise<Read> {
    const { keptMs, staleMsMax, log } = { ...this.#deps.settings, log: this.#deps.log };
    const read = this.#read;
    const ageMs = read === undefined ? Infinity : performance.now() - read.atMs;
    if (read !== undefined && ageMs < keptMs) return read;
    if (read === undefined || ageMs > staleMsMax) return this.#look();
    if (performance.now() - this.#lookedAtMs < this.#deps.settings.lookAgainMs) return read;
    try {
      return await this.#look();
    } catch (error) {
      log.warn({ err: error }, 'the signing keys cannot be read: those that are known go on');
      return read;
    }
  }

  #look(): Promise<Read> {
    if (this.#reading !== undefined) return this.#reading;
    this.#lookedAtMs = performance.now();
    const reading = this.#load()
      .then((read) => {
        if (this.#reading === reading) this.#read = read;
        return read;
      })
      .finally(() => {
        if (this.#reading === reading) this.#reading = undefined;
      });
    this.#reading = reading;
    return reading;
  }

  #load(): Promise<Read> {
    const { withControl, sealer, settings } = this.#deps;
    return withControl(async (tx) => {
      let rows = await liveSigningKeys(tx, {});
      const newest = rows.at(-1);
      if (newest === undefined || newest.now.getTime() - newest.createdAt.getTime() > settings.ageMsMax) {
        await followKey(tx, this.#deps, newest?.kid);
        rows = await liveSigningKeys(tx, {});
      }
      const [first] = rows;
      if (first === undefined) throw new Error('there is no signing key');
      return {
        verifying: new Map(rows.map(({ kid, publicKey }) => [kid, createPublicKey(publicKey)])),
        signing: rows.map(({ kid, privateKey, signsFrom }) => ({
          kid,
          privateKey: createPrivateKey(sealer.open(privateKey, contextOf(kid))),
          signsFromMs: signsFrom.getTime(),
        })),
        databaseMs: first.now.getTime(),
        atMs: performance.now(),
      };
    });
  }
}

/** Makes the key that follows another, unless somebody else just has. */
async function followKey(tx: ControlTx, deps: Omit<KeyRingDeps, 'log'>, followed: string | undefined): Promise<void> {
  await lockSigningKeys(tx, {});
  const newest = (await liveSigningKeys(tx, {})).at(-1);
  if (newest?.kid !== followed) return;
  await rotateKeys(tx, deps, { isRevoked: false });
}

/**
 * Makes a new key: it signs after the lead, when every process knows it, and the others verify until what they signed has
 * ended, so that nobody notices. `isRevoked`: the others are out as soon as processes look again, with what they signed, because one
 * of them became known; sessions go on by their refresh tokens.
 */
export async function rotateKeys(
  tx: ControlTx,
  { sealer, settings }: Pick<KeyRingDeps, 'sealer' | 'settings'>,
  { isRevoked }: { readonly isRevoked: boolean },
): Promise<{ kid: string; signsFrom: Date; retired: string[]; removed: string[] }> {
  await lockSigningKeys(tx, {});
  const isFirst = (await liveSigningKeys(tx, {})).length === 0;
  const leadMs = isFirst || isRevoked ? 0 : settings.leadMs;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = randomBytes(12).toString('base64url');
  const { signsFrom } = onlyRow(
    await insertSigningKey(tx, {
      kid,
      publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      privateKey: sealer.seal(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), contextOf(kid)),
      leadMs,
    }),
  );
  const verifiesMs = isRevoked ? 0 : leadMs + settings.afterlifeMs;
  const retired = (await retireSigningKeys(tx, { newKid: kid, verifiesMs, isRevoked })).map((row) => row.kid);
  const removed = (await deleteSigningKeys(tx, {})).map((row) => row.kid);
  emit(tx, {
    stream: 'signing-keys',
    type: 'identity.signing_key_made',
    schemaVersion: 1,
    payload: { kid, signsFrom: signsFrom.toISOString(), retired, removed, isRevoked },
  });
  return { kid, signsFrom, retired, removed };
}

/** The keys whose tokens may still live, without what is secret of them. */
export const listKeys = async (tx: ControlTx) =>
  (await liveSigningKeys(tx, {})).map(({ kid, createdAt, signsFrom, verifiesUntil }) => ({
    kid,
    createdAt,
    signsFrom,
    verifiesUntil,
  }));
