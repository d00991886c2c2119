import type { TenantId } from '../../kernel/ids.ts';
import { type OperationForm, type Right, isRight } from '../../kernel/operation.ts';
import type { Access, AskedBy, AskedHost, Caller, Guard } from '../../platform/access.ts';
import { onlyRow } from '../../platform/query.ts';
import type { Origin, RealmTx, TenantTx, WithControl, WithTenant } from '../../platform/tenant-tx.ts';
import { policyProblem } from './errors.ts';
import { isFresh } from './queries.ts';
import { decide, isWrite, lacksSecondFactor, needsRowsOfTenant, reachOfOneself, rightsIn } from './rules.ts';
import { policyTable } from './table.ts';
import { type PolicyRow, isBuiltIn, maskableFields } from './types.ts';

/** What deciding needs. `rowsOfTenant` reads the rows of the roles that a tenant made for its staff. */
export type PolicyDeps = {
  readonly withTenant: WithTenant;
  readonly withControl: WithControl;
  readonly rowsOfTenant: (tx: TenantTx) => Promise<readonly PolicyRow[]>;
};

export type Policy = Pick<Guard, 'authorize'> & {
  /** All that a caller may do at this moment, so that a screen can leave out what would be refused. */
  readonly rightsOf: (caller: Caller, asked: AskedHost) => Promise<{ resource: string; actions: string[] }[]>;
  /** Tells of any right whether a caller has it on everything of its kind. */
  readonly mayAllOf: (caller: Caller, asked: AskedHost) => Promise<(right: Right) => boolean>;
};

/** How long the rows of a tenant's own roles are used without asking again; a change of rights must bite within 5 s. */
const KEPT_MS_MAX = 2_000;
const TENANTS_KEPT_MAX = 500;

const originOf = (caller: Caller, requestId: string): Origin => ({ actor: actorOf(caller), causation: requestId });

/** Borrowed eyes must not see what their owner would have to reveal, which leaves an event. */
const everythingMasked: ReadonlySet<string> = new Set(maskableFields);

/** Who acts, as events name it: never the borrowed eyes alone. */
function actorOf({ kind, id, impersonator }: Caller): string {
  if (impersonator !== null) return `${impersonator} as ${id}`;
  return kind === 'platform' ? `platform ${id}` : id;
}

/** Gives what decides over every call, by the one table of rights and the tenant's own roles. */
export function makePolicy(deps: PolicyDeps): Policy {
  const rowsOf = makeRowsOf(deps);
  return {
    authorize: async (caller, operation, asked) => {
      if (lacksSecondFactor(caller) && operation.need !== 'signed_in')
        throw policyProblem('identity.second_factor_missing');
      const origin = originOf(caller, asked.requestId);
      const { reach, masked } = await allowed(rowsOf, caller, operation, asked);
      const access = { caller, origin, reach, masked: caller.impersonator === null ? masked : everythingMasked };
      refuseBorrowedWrites(caller, operation);
      if (operation.needsStepUp === true) await requireFreshFactor(deps, access, asked);
      return access;
    },
    rightsOf: async (caller, asked) =>
      lacksSecondFactor(caller) ? [] : rightsIn(await rowsOf(caller, asked.tenantId, 'rights'), caller),
    mayAllOf: async (caller, asked) => {
      const rows = await rowsOf(caller, asked.tenantId, 'rights');
      return (right) => {
        const verdict = decide(rows, caller, right);
        return verdict.kind === 'given' && verdict.reach.everything;
      };
    },
  };
}

type RowsOf = (caller: Caller, tenantId: TenantId | null, requestId: string) => Promise<readonly PolicyRow[]>;

async function allowed(
  rowsOf: RowsOf,
  caller: Caller,
  { need, method }: OperationForm,
  { tenantId, requestId }: AskedBy,
): Promise<Pick<Access, 'reach' | 'masked'>> {
  if (!isRight(need)) {
    const isSignedIn = caller.sessionId !== null || caller.impersonator !== null || method === 'get';
    if (need !== 'signed_in' || !isSignedIn) throw policyProblem('identity.forbidden');
    return { reach: reachOfOneself(caller), masked: new Set() };
  }
  const verdict = decide(await rowsOf(caller, tenantId, requestId), caller, need);
  if (verdict.kind === 'kyc') throw policyProblem('identity.kyc_required', { states: verdict.states });
  if (verdict.kind === 'refused') throw policyProblem('identity.forbidden');
  return verdict;
}

function refuseBorrowedWrites(caller: Caller, operation: OperationForm): void {
  if (!isWrite(operation)) return;
  if (caller.impersonator !== null) throw policyProblem('identity.impersonation_reads_only');
  if (caller.kind === 'platform') throw policyProblem('identity.entry_reads_only');
}

/** The database says what time it is: a clock that is wrong here must not keep an old sign-in fresh. */
async function requireFreshFactor(
  deps: PolicyDeps,
  { caller, origin }: Omit<Access, 'reach' | 'masked'>,
  asked: AskedHost,
) {
  const ask = (tx: RealmTx) => isFresh(tx, { provenAt: caller.provenAt });
  const isProven =
    caller.provenAt !== null &&
    onlyRow(
      await (asked.tenantId === null ? deps.withControl(ask, origin) : deps.withTenant(asked.tenantId, origin, ask)),
    ).fresh;
  if (!isProven) throw policyProblem('identity.step_up_needed');
}

/** The rows that speak of a caller: the table, and the tenant's own where he has a role of its making. */
function makeRowsOf({ withTenant, rowsOfTenant }: PolicyDeps): RowsOf {
  const kept = new Map<TenantId, { readonly untilMs: number; readonly rows: Promise<readonly PolicyRow[]> }>();
  return async (caller, tenantId, requestId) => {
    if (tenantId === null || !needsRowsOfTenant(caller)) return policyTable;
    const nowMs = performance.now();
    const found = kept.get(tenantId);
    if (found !== undefined && found.untilMs > nowMs) return [...policyTable, ...(await found.rows)];
    const rows = withTenant(tenantId, originOf(caller, requestId), async (tx) =>
      (await rowsOfTenant(tx)).filter(({ role }) => !isBuiltIn(role)),
    );
    kept.delete(tenantId);
    kept.set(tenantId, { untilMs: nowMs + KEPT_MS_MAX, rows });
    for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - TENANTS_KEPT_MAX))) kept.delete(oldest);
    try {
      return [...policyTable, ...(await rows)];
    } catch (error) {
      if (kept.get(tenantId)?.rows === rows) kept.delete(tenantId); // What failed is asked again, by the next caller.
      throw error;
    }
  };
}
