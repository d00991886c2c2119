import { z } from 'zod';

/** One kind of a thing: its word, and the schema of its settings, whose `kind` is that word. */
export type Kind = { readonly kind: string; readonly settings: z.core.$ZodTypeDiscriminable };

type SettingsOf<Kinds extends readonly Kind[]> = { readonly [Place in keyof Kinds]: Kinds[Place]['settings'] };

/** The schema of "settings of any of these kinds", told apart by `kind`: a kind is added by adding it to the list. */
export const settingsOfKinds = <const Kinds extends readonly [Kind, ...Kind[]]>(kinds: Kinds) =>
  // map() forgets that a tuple stays a tuple.
  z.discriminatedUnion('kind', kinds.map(({ settings }) => settings) as unknown as SettingsOf<Kinds>);

/** The entry of a kind; a word that is not in the list is an error of the program, for the schema has let it through. */
export function kindOf<Entry extends Kind>(kinds: readonly Entry[], kind: string): Entry {
  const found = kinds.find((entry) => entry.kind === kind);
  if (found === undefined) throw new RangeError(`no kind ${kind} among ${kinds.map((entry) => entry.kind).join(', ')}`);
  return found;
}
