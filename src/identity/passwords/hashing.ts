import { hash, hashSync, parseOptions, verify } from '@node-rs/argon2';
import { identityProblem } from '../errors.ts';
import { normalPassword } from './rules.ts';

/** What hashing costs (RFC 9106), and how much of it may happen in a process at a time. */
export type HashingSettings = {
  /** KiB of memory for each hash. */
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
  readonly concurrencyMax: number;
  /** Beyond this many waiting, `identity.hashing_busy` (503). */
  readonly waitingMax: number;
};

/** The least that OWASP's Password Storage Cheat Sheet names for Argon2id: 19 MiB, two passes, one lane. */
export const hashingDefaults: HashingSettings = {
  memoryKib: 19_456,
  passes: 2,
  lanes: 1,
  concurrencyMax: 2,
  waitingMax: 64,
};

/** Hashes passwords by Argon2id (its default here), a few at a time: each costs much memory and processor. */
export class Hasher {
  readonly #settings: HashingSettings;
  readonly #options: { memoryCost: number; timeCost: number; parallelism: number };
  /** Of a password that nobody has, with the cost of a real one. */
  readonly #dummy: string;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #verified = 0;

  constructor(settings: HashingSettings) {
    const { memoryKib: memoryCost, passes: timeCost, lanes: parallelism } = settings;
    this.#settings = settings;
    this.#options = { memoryCost, timeCost, parallelism };
    this.#dummy = hashSync('nobody has this password', this.#options);
  }

  /** How many passwords were compared so far, real or not. */
  get verified(): number {
    return this.#verified;
  }

  /** The hash of a password, in the PHC form, with its salt and parameters in it. */
  hash(password: string): Promise<string> {
    return this.#bounded(() => hash(normalPassword(password), this.#options));
  }

  /** Whether the password is the one hashed. Where there is none, the same work is done, and it is not. */
  async verify(hashed: string | undefined, password: string): Promise<boolean> {
    this.#verified += 1;
    const isSame = await this.#bounded(() => verify(hashed ?? this.#dummy, normalPassword(password)));
    return isSame && hashed !== undefined;
  }

  /** Whether a hash was made with other parameters than are used now. */
  isOutdated(hashed: string): boolean {
    const { memoryCost, timeCost, parallelism } = parseOptions(hashed);
    const now = this.#options;
    return memoryCost !== now.memoryCost || timeCost !== now.timeCost || parallelism !== now.parallelism;
  }

  async #bounded<T>(work: () => Promise<T>): Promise<T> {
    const { concurrencyMax, waitingMax } = this.#settings;
    if (this.#running < concurrencyMax) this.#running += 1;
    else if (this.#waiting.length >= waitingMax)
      throw identityProblem('identity.hashing_busy', { retryAfterSeconds: 1 });
    else await new Promise<void>((resolve) => this.#waiting.push(resolve)); // Whoever ends hands his place on.
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
