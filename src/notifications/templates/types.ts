/** One mail as plain data; a layout makes text and a page of it. */
export type Letter = {
  readonly subject: string;
  /** Before the button. */
  readonly paragraphs: readonly string[];
  readonly button: { readonly label: string; readonly link: string };
  /** The token once more, for whoever types it. */
  readonly token?: string;
  /** After the button. */
  readonly closing: readonly string[];
};
