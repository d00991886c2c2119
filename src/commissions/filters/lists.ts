import { z } from 'zod';
import type { Filter, Judge, NoPayReason, ParkCode, TradeFacts, Verdict } from '../types.ts';

const ENTRIES_MAX = 1_000;

/** What a filter by a list looks at: one word of a trade, or the code with which a trade waits whose word is not known. */
type Listed<Kind extends string, Entry extends z.ZodType<string>> = Omit<Filter, 'kind' | 'compile'> & {
  readonly kind: Kind;
  readonly entry: Entry;
  /** How the word is called in an explanation. */
  readonly figure: string;
  readonly wordOf: (trade: TradeFacts) => { readonly word: string } | { readonly code: ParkCode };
  /** Whether a word is among the entries, where it is not enough that it is one of them. */
  readonly isAmong?: (word: string, entries: ReadonlySet<string>) => boolean;
  readonly reason: NoPayReason;
};

const pass: Verdict = { kind: 'pass' };

/** A filter that lets pass the trades whose word is in its list (`allow`), or all others (`deny`). */
export function listFilter<const Kind extends string, Entry extends z.ZodType<string>>({
  kind,
  entry,
  figure,
  wordOf,
  isAmong = (word, entries) => entries.has(word),
  reason,
  ...needs
}: Listed<Kind, Entry>) {
  const settings = z.strictObject({
    kind: z.literal(kind),
    /** `allow`: the trades of the list are paid; `deny`: all others. */
    mode: z.enum(['allow', 'deny']),
    list: z.array(entry).min(1).max(ENTRIES_MAX),
  });
  const refused: Verdict = { kind: 'refuse', reason };
  const compile = (given: unknown): Judge => {
    const { mode, list } = settings.parse(given);
    const entries = new Set<string>(list);
    return (trade, note) => {
      const found = wordOf(trade);
      if ('code' in found) return { kind: 'park', code: found.code };
      note?.({ [figure]: found.word, mode });
      return isAmong(found.word, entries) === (mode === 'allow') ? pass : refused;
    };
  };
  return { ...needs, kind, settings, compile } satisfies Filter & { settings: z.ZodType };
}

/** A name as the platform or the mapping of symbols has it. */
export const ListedName = z.string().min(1).max(64);
