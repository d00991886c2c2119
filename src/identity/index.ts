export { makePolicy, type Policy, type PolicyDeps } from './policy/service.ts';
export { policyTable } from './policy/table.ts';
export { type BuiltInRole, builtInRoles, operatorRole, type PolicyRow } from './policy/types.ts';
export { desksOf } from './desks/service.ts';
export { factorsOf, proveByCode } from './factors/store.ts';
export { hasFactor, type Factors } from './factors/types.ts';
export { rolesOf } from './roles/store.ts';
