/** A rate as it was published: one `base` is `rate` (a decimal text) of `quote`, since an instant. */
export type Quotation = {
  readonly base: string;
  readonly quote: string;
  readonly rate: string;
  readonly source: string;
  readonly at: Date;
};

/** A stored quotation. */
export type StoredRate = Quotation & { readonly key: bigint };

/** What an import came to. A rate that is stored with another figure stays as it is, and is counted as different. */
export type RatesImported = { readonly added: number; readonly known: number; readonly different: number };

/** A wish to convert, as of an instant. */
export type Wish = { readonly from: string; readonly to: string; readonly at: Date };

/** How one currency becomes another: the quotations on the way, each taken as it is or turned round, and how old each was. */
export type Conversion = {
  readonly from: string;
  readonly to: string;
  readonly rows: readonly {
    /** The key of the row, as text, and its figure. */
    readonly key: string;
    readonly rate: string;
    readonly base: string;
    readonly quote: string;
    readonly source: string;
    readonly at: string;
    readonly ageMs: number;
  }[];
};
