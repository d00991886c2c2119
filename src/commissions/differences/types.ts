/** What a definition is made of, as JSON. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [setting: string]: Value };

export type DifferenceKind = 'added' | 'removed' | 'changed' | 'moved';

/** One difference between two versions: for programs by its place, for people as a sentence. */
export type Difference = {
  readonly change: DifferenceKind;
  /** Where it is, for example `components[lots].rules[gold].budget`. */
  readonly path: string;
  /** What was and is there; of a move the places in the list, from 1. Null where there is nothing. */
  readonly before: Value;
  readonly after: Value;
  readonly sentence: string;
};
