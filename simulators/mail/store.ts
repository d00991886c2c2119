import { EventEmitter, once } from 'node:events';

/** A mail as it arrived. */
export type CaughtMail = {
  readonly id: string;
  readonly receivedAt: string;
  readonly messageId: string;
  readonly from: string;
  /** Of the envelope: where it really goes, whatever its headers say. */
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
};

/** Keeps the last mails, and tells whoever waits of new ones. */
export class MailStore {
  readonly #kept: CaughtMail[] = [];
  readonly #keptMax: number;
  readonly #news = new EventEmitter<{ mail: [CaughtMail] }>().setMaxListeners(0);
  #count = 0;

  constructor(keptMax: number) {
    this.#keptMax = keptMax;
  }

  add(mail: Omit<CaughtMail, 'id'>): void {
    const kept = { id: String((this.#count += 1)), ...mail };
    this.#kept.push(kept);
    if (this.#kept.length > this.#keptMax) this.#kept.shift();
    this.#news.emit('mail', kept);
  }

  /** All that is kept, newest first. */
  all(): CaughtMail[] {
    return this.#kept.toReversed();
  }

  find(id: string): CaughtMail | undefined {
    return this.#kept.find((mail) => mail.id === id);
  }

  /** The newest mail that matches, now or as soon as one arrives; rejects after `msMax`. */
  async next(matches: (mail: CaughtMail) => boolean, msMax: number): Promise<CaughtMail> {
    const signal = AbortSignal.timeout(msMax);
    for (;;) {
      const found = this.all().find(matches);
      if (found !== undefined) return found;
      await once(this.#news, 'mail', { signal });
    }
  }
}
