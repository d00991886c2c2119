import type { Surface } from '../../platform/access.ts';

/** The roles that every tenant has; a tenant may make further ones for its staff. */
export const builtInRoles = [
  'owner',
  'admin',
  'compliance',
  'finance',
  'sales',
  'support',
  'auditor',
  'ib',
  'client',
  'api_key',
] as const;
export type BuiltInRole = (typeof builtInRoles)[number];

/** Whether every tenant has this role. */
export const isBuiltIn = (role: string): role is BuiltInRole => (builtInRoles as readonly string[]).includes(role);

/** The role of people on the installation's own host. */
export const operatorRole = 'operator';

/**
 * Which objects a row gives: all of the tenant; those assigned to the caller; those of the caller's desks; those that are
 * the caller's own (his client's, his IB's, his own user); his IB's and all below it, with their clients.
 */
export type Condition = 'all' | 'assigned' | 'desk' | 'own' | 'subtree';

/** Fields that can be shown masked. */
export const maskableFields = ['email', 'phone', 'documents'] as const;
export type MaskableField = (typeof maskableFields)[number];

/** One row of the table of rights. What no row gives is refused. */
export type PolicyRow = {
  /** A built-in role, `operator`, or the name of a role that the tenant made. */
  readonly role: string;
  readonly resource: string;
  readonly actions: readonly string[];
  /** An object is reached if any of them says so. */
  readonly conditions: readonly Condition[];
  /** The caller's own client must be in one of these states of admission. */
  readonly kycStates?: readonly string[];
  readonly masked: readonly MaskableField[];
};

/** On which surface a built-in role counts; the roles that a tenant makes count in the back office. */
export const surfaceOfRole = (role: string): Surface => {
  if (role === 'client') return 'portal';
  if (role === 'ib') return 'partner';
  if (role === 'api_key') return 'api';
  return role === operatorRole ? 'ops' : 'admin';
};
