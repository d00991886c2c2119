export { auditRoutes } from './audit/routes.ts';
export { makePolicy, type Policy } from './policy/service.ts';
export { policyTable } from './policy/table.ts';
export { type BuiltInRole, builtInRoles, operatorRole, type PolicyRow } from './policy/types.ts';
export { desksOf, isActiveStaff, isDesk, makeDesk } from './desks/service.ts';
export type { FactorDeps } from './factors/port.ts';
export { rolesOf } from './roles/store.ts';
export { type ApprovalKind, defineApproval } from './approvals/port.ts';
export { approvalRoutes } from './approvals/routes.ts';
export { requestApproval } from './approvals/service.ts';
export { waitingApprovals } from './approvals/store.ts';
export { entryRoutes } from './entries/routes.ts';
export { makeCallerByGrant } from './entries/service.ts';
export { impersonationRoutes } from './impersonation/routes.ts';
export {
  authenticateBy,
  authRoutes,
  codeTries,
  makeSignIn,
  openTokens,
  signInDefaults,
  signingKeySealer,
} from './composition.ts';
export type { SignInDeps } from './deps.ts';
export type { Limit, NewPerson } from './port.ts';
export { makeRealmOf, type Realm } from './realm.ts';
export { sweepSignIns } from './sweep/service.ts';
export { keyRingDefaults, listKeys, rotateKeys } from './tokens/key-ring.ts';
export { countStaff, createUser, findUserByEmail, isAnyOfIb, mailboxesOf, peopleOfParties } from './users/service.ts';
export { apiKeysRoutes } from './api-keys/routes.ts';
export { makeAuthenticateKey } from './api-keys/store.ts';
export { desksRoutes } from './desks/routes.ts';
export { factorsRoutes } from './factors/routes.ts';
export { invite } from './invitations/service.ts';
export { passkeysRoutes } from './passkeys/routes.ts';
export { rolesRoutes } from './roles/routes.ts';
export type { StaffDeps } from './staff/port.ts';
export { operatorRoutes } from './operators/routes.ts';
export { staffRoutes } from './staff/routes.ts';
export { resetFactors } from './staff/service.ts';
export { makeDemoPeople } from './demo-people/service.ts';
