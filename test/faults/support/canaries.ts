import { randomBytes } from 'node:crypto';

const WORD = /canary[0-9a-f]{8}/gi;
/** Ids that are drawn by chance; those that count rows of one database (`dea_000…`) may be the same at two tenants. */
const DRAWN_ID = /\b[a-z]{3}_[0-7][0-9A-HJKMNP-TV-Z]{25}\b/g;
const COUNTED_ID = /^[a-z]{3}_0{8}/;

/** A word that stands in the data of one tenant and nowhere else. */
export const newCanary = (): string => `Canary${randomBytes(4).toString('hex')}`;

/** The words in a text that are not this tenant's; without an owner, all of them. */
export const foreignWords = (text: string, own: string | null): string[] =>
  (text.match(WORD) ?? []).filter((word) => word.toLowerCase() !== own?.toLowerCase());

/** Remembers whose each id is by the answer it was first seen in, and what was seen where it does not belong. */
export class Sightings {
  /** What was found where it should not be, with where. */
  readonly breaches: string[] = [];
  readonly counts = new Map<string, { texts: number; own: number }>();
  readonly #ownerOf = new Map<string, string>();

  /** Looks through what one tenant was given, or nobody in particular (`null`: no tenant's word may stand there). */
  look(where: string, own: string | null, text: string): void {
    const count = this.counts.get(where) ?? { texts: 0, own: 0 };
    this.counts.set(where, count);
    count.texts += 1;
    const foreign = foreignWords(text, own);
    if (foreign.length > 0)
      this.breaches.push(`${where} of ${own ?? 'nobody'}: ${foreign[0]} in ${text.slice(0, 400)}`);
    if (own !== null && text.toLowerCase().includes(own.toLowerCase())) count.own += 1;
  }

  /** The same, and no id that another tenant was given before. */
  lookForIds(where: string, own: string, text: string): void {
    this.look(where, own, text);
    for (const id of new Set(text.match(DRAWN_ID) ?? [])) {
      if (COUNTED_ID.test(id)) continue;
      const owner = this.#ownerOf.get(id);
      if (owner === undefined) this.#ownerOf.set(id, own);
      else if (owner !== own) this.breaches.push(`${where} of ${own}: ${id} of ${owner} in ${text.slice(0, 400)}`);
    }
  }
}
