export { makePolicy, type Policy, type PolicyDeps } from './policy/service.ts';
export { policyTable } from './policy/table.ts';
export { type BuiltInRole, builtInRoles, operatorRole, type PolicyRow } from './policy/types.ts';
