import type { TenantId } from '../../kernel/ids.ts';

/** A table of an export: its file, what of it is there, and what the file comes to. */
export type ExportedTable = {
  /** `schema.table`. */
  readonly table: string;
  readonly file: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Columns that are left out because they are secret. */
  readonly leftOut: readonly string[];
  readonly rows: number;
  readonly bytes: number;
  /** SHA-256 of the file, in hexadecimal digits. */
  readonly sha256: string;
};

/** What an export holds: all tables as of one moment. */
export type ManifestBody = {
  readonly format: 'cascade-export/1';
  readonly tenant: { readonly id: TenantId; readonly slug: string; readonly name: string };
  /** The moment, by the tenant's database. */
  readonly takenAt: string;
  /** The newest migration of the tenant's database. */
  readonly schemaVersion: string;
  /** The head of the tenant's chain of events at that moment. */
  readonly eventHead: { readonly seq: string; readonly hash: string };
  readonly tables: readonly ExportedTable[];
  /** Tables that are left out as a whole, because all they hold is secret. */
  readonly tablesLeftOut: readonly string[];
};

/** With the SHA-256 over the RFC 8785 form of all other members. */
export type Manifest = ManifestBody & { readonly sha256: string };
