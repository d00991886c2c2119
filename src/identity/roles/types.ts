import type { PolicyRow } from '../policy/types.ts';

/** What a role of the tenant's making gives; its name comes with it as a row of the table of rights. */
export type RoleRow = Omit<PolicyRow, 'role' | 'kycStates'>;

/** A role that a tenant made for its staff. */
export type CustomRole = {
  readonly name: string;
  readonly description: string;
  readonly rows: readonly RoleRow[];
  readonly createdAt: Date;
  readonly changedAt: Date;
};
