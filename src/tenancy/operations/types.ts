import type { OperationId, TenantId } from '../../kernel/ids.ts';

/** What takes long: making a tenant, bringing its database up to date, writing all that it has into files. */
export type OperationKind = 'create' | 'migrate' | 'export';
export type OperationState = 'waiting' | 'running' | 'done' | 'failed';

/** A file of an export: its name, which is also the last part of its address, its size, and SHA-256 in hexadecimal digits. */
export type ExportedFile = { readonly name: string; readonly bytes: number; readonly sha256: string };

/** What an operation came to, by its kind. */
export type OperationResult = {
  /** Migrations that were applied. */
  readonly applied?: readonly string[];
  /** Of an export: its files, the manifest among them, and how many rows they hold. */
  readonly files?: readonly ExportedFile[];
  readonly rows?: number;
};

/** Why an operation failed, as a Problem would be answered. */
export type OperationProblem = { readonly code: string; readonly title: string; readonly detail: string | null };

/** Long work on a tenant: what was asked for, how far it is, and what it came to. */
export type TenantOperation = {
  readonly id: OperationId;
  readonly kind: OperationKind;
  readonly tenantId: TenantId;
  readonly state: OperationState;
  readonly requestedBy: string;
  /** Because of what it was asked for; events of the work carry it as well. */
  readonly causation: string;
  readonly reason: string | null;
  readonly progressDone: number;
  readonly progressTotal: number;
  readonly result: OperationResult | null;
  readonly problem: OperationProblem | null;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** When its files were removed. */
  readonly expiredAt: Date | null;
};
