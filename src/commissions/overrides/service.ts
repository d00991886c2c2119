import { clientIdsOf, clientKeyOf, clientUnknown } from '../../clients/index.ts';
import { ibIdsOf, ibKeys, ibOfId } from '../../ib/index.ts';
import { idFromUuid, newUuid, OverrideId, type ClientId, type IbId, type PlanId } from '../../kernel/ids.ts';
import { emit } from '../../platform/events/index.ts';
import type { Page, PageAsked } from '../../platform/paging.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { isAccountGroup } from '../../trading/index.ts';
import { AgreementTerms } from '../definitions/contract.ts';
import { bumpConfiguration } from '../plans/queries.ts';
import { planOfId, refuseAboveBudget, termsTold } from '../plans/service.ts';
import { overrideProblem } from './errors.ts';
import * as queries from './queries.ts';
import type { OverrideScope } from './types.ts';

/** Rates that come before agreements, from an instant on. */
export type NewOverride = {
  readonly planId: PlanId;
  readonly scope: OverrideScope;
  readonly terms: AgreementTerms;
  readonly reason: string;
  /** Now unless given. */
  readonly validFrom?: Date | undefined;
};

/**
 * Records an override of rates under a plan. It must keep within the budget of every published version that holds at its start
 * or later, and holds from now on or later: what was booked before stays as it was. Empty terms end the one before it.
 * `commissions.override_backdated`, `commissions.account_group_unknown`, and what an agreement is refused for.
 */
export async function overrideRatesOf(
  tx: TenantTx,
  input: NewOverride,
): Promise<{ readonly id: OverrideId; readonly validFrom: Date }> {
  const { now, version } = onlyRow(await bumpConfiguration(tx, {})); // First: it makes changes of plans wait for each other.
  const { planId, scope, reason } = input;
  const plan = await planOfId(tx, planId);
  const terms = AgreementTerms.parse(input.terms);
  const validFrom = input.validFrom ?? now;
  const keys = { planKey: plan.key, ...(await keysOf(tx, scope)) };
  await refuseAboveBudget(tx, plan.key, [{ terms, validFrom }]);
  const [latest] = await queries.latestOverride(tx, keys);
  if (validFrom < now || (latest !== undefined && validFrom <= latest.validFrom))
    throw overrideProblem('commissions.override_backdated');
  await queries.closeOverride(tx, { ...keys, at: validFrom });
  const id = OverrideId.parse(idFromUuid('ovr', newUuid(now.getTime())));
  const row = { ...keys, id, kind: scope.kind, terms: JSON.stringify(terms), reason, validFrom, version };
  await queries.insertOverride(tx, row);
  emit(tx, {
    stream: `plan/${planId}`,
    type: 'commissions.rates_overridden',
    schemaVersion: 1,
    payload: {
      planId,
      overrideId: id,
      scope: scope.kind === 'group' ? { ...scope, ibId: scope.ibId ?? null } : scope,
      reason,
      before:
        latest === undefined ? null : { validFrom: latest.validFrom.toISOString(), terms: termsTold(latest.terms) },
      after: { validFrom: validFrom.toISOString(), terms: termsTold(terms) },
    },
  });
  return { id, validFrom };
}

type ScopeKeys = { readonly ibKey: number; readonly clientKey: number; readonly accountGroup: string };

/** What is not named is 0, or no name. */
async function keysOf(tx: TenantTx, scope: OverrideScope): Promise<ScopeKeys> {
  const ibKey = 'ibId' in scope && scope.ibId !== undefined ? (await ibOfId(tx, scope.ibId)).key : 0;
  if (scope.kind === 'group') {
    const { accountGroup } = scope;
    if (!(await isAccountGroup(tx, accountGroup)))
      throw overrideProblem('commissions.account_group_unknown', { detail: accountGroup });
    return { ibKey, clientKey: 0, accountGroup };
  }
  const clientKey = await clientKeyOf(tx, scope.clientId);
  if (clientKey === null) throw clientUnknown(scope.clientId);
  return { ibKey, clientKey, accountGroup: '' };
}

/** An override as it is listed. */
export type ListedOverride = {
  readonly id: OverrideId;
  readonly scope: OverrideScope;
  readonly terms: AgreementTerms;
  readonly reason: string;
  readonly validFrom: Date;
  readonly validTo: Date | null;
  readonly recordedAt: Date;
};

/** A page of the overrides of a plan, of one kind, IB, client or group where that is said. */
export async function listOverrides(
  tx: TenantTx,
  asked: {
    readonly planId: PlanId;
    readonly kind?: OverrideScope['kind'] | undefined;
    readonly ibId?: IbId | undefined;
    readonly clientId?: ClientId | undefined;
    readonly accountGroup?: string | undefined;
  },
  page: PageAsked<'recordedAt'>,
): Promise<Page<ListedOverride>> {
  const { key: planKey } = await planOfId(tx, asked.planId);
  const { ibId, clientId, kind, accountGroup } = asked;
  const ibKey = ibId === undefined ? undefined : ((await ibKeys(tx, [ibId])).get(ibId) ?? -1); // Nothing is of one that is not there.
  const clientKey = clientId === undefined ? undefined : ((await clientKeyOf(tx, clientId)) ?? -1);
  const { rows, nextCursor } = await queries.pageOfOverrides(
    tx,
    { planKey, kind, ibKey, clientKey, accountGroup },
    page,
  );
  const ibs = await ibIdsOf(tx, keysAbove0(rows.map((row) => row.ibKey)));
  const clients = await clientIdsOf(tx, keysAbove0(rows.map((row) => row.clientKey)));
  const listed = rows.map(({ ibKey: ib, clientKey: client, kind: of, accountGroup: group, ...row }) => ({
    ...row,
    scope: scopeOf(of, { ibId: ibs.get(ib), clientId: clients.get(client), group }),
  }));
  return { rows: listed, nextCursor };
}

const keysAbove0 = (keys: readonly number[]): number[] => keys.filter((key) => key > 0);

function scopeOf(
  kind: OverrideScope['kind'],
  { ibId, clientId, group }: { ibId: IbId | undefined; clientId: ClientId | undefined; group: string },
): OverrideScope {
  if (kind === 'group') return { kind, accountGroup: group, ...(ibId !== undefined && { ibId }) };
  if (clientId === undefined) throw new Error(`an override names a client that is not there`);
  if (kind === 'personal') return { kind, clientId };
  if (ibId === undefined) throw new Error(`an override names an IB that is not there`);
  return { kind, ibId, clientId };
}
