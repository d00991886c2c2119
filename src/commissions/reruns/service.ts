import { clientKeyOf, clientUnknown } from '../../clients/index.ts';
import { type IbId, idFromUuid, keyOfId, newUuid, type PlanId, RerunId } from '../../kernel/ids.ts';
import { ibOfId } from '../../ib/index.ts';
import type { ClientId, TradeId, TaskId } from '../../kernel/ids.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import { requestTask } from '../../platform/tasks/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { AgreementTerms } from '../definitions/contract.ts';
import { refusalProblem } from '../errors.ts';
import type { Terms } from '../inputs/terms.ts';
import { planOfId, versionOfNumber } from '../plans/queries.ts';
import { checkDefinition } from '../plans/rules.ts';
import { rerunProblem } from './errors.ts';
import { rerunPreview } from './preview.ts';
import * as queries from './queries.ts';
import type { StoredRerun } from './types.ts';

/** What somebody asks to be run again, and by what. */
export type AskedRerun = {
  readonly selection: {
    readonly from?: Date | undefined;
    readonly to?: Date | undefined;
    readonly tradeIds?: readonly TradeId[] | undefined;
    readonly clientId?: ClientId | undefined;
    readonly ibId?: IbId | undefined;
  };
  readonly terms: {
    readonly plan?: { readonly planId: PlanId; readonly version: number } | undefined;
    readonly treeAt?: Date | undefined;
    readonly rates?: readonly { readonly ibId: IbId; readonly terms: AgreementTerms }[] | undefined;
  };
  readonly reason: string;
};

/**
 * Has the preview of a re-run computed as a task; changes nothing. `commissions.rerun_empty`,
 * `commissions.rerun_version_unknown`, `ib.unknown`, `clients.client_unknown`, and what an agreement is refused for.
 */
export async function askRerun(
  tx: TenantTx,
  { selection, terms, reason }: AskedRerun,
): Promise<{ readonly rerunId: RerunId; readonly taskId: TaskId }> {
  const { from, to, tradeIds, clientId, ibId } = selection;
  if (tradeIds === undefined && from === undefined)
    throw rerunProblem('commissions.rerun_empty', { detail: 'Neither `from` nor `tradeIds` is given' });
  if (from !== undefined && to !== undefined && to <= from)
    throw rerunProblem('commissions.rerun_empty', { detail: '`to` is not after `from`' });
  if (tradeIds?.every((id) => keyOfId(id) === undefined) === true)
    throw rerunProblem('commissions.rerun_empty', { detail: 'There are no such trades' });
  if (clientId !== undefined && (await clientKeyOf(tx, clientId)) === undefined) throw clientUnknown(clientId);
  if (ibId !== undefined) await ibOfId(tx, ibId);
  const id = RerunId.parse(idFromUuid('rer', newUuid(Date.now())));
  const asked = {
    selection: { from: from?.toISOString(), to: to?.toISOString(), tradeIds, clientId, ibId },
    terms: { ...terms, treeAt: terms.treeAt?.toISOString() },
  };
  onlyRow(
    await queries.insertRerun(tx, {
      id,
      selection: JSON.stringify(asked),
      terms: JSON.stringify(await termsOf(tx, terms)),
      reason,
      askedBy: tx.origin.actor,
    }),
  );
  const taskId = await requestTask(tx, rerunPreview, { rerunId: id });
  await queries.noteTask(tx, { id, taskId });
  emit(tx, {
    stream: `rerun/${id}`,
    type: 'commissions.rerun_asked',
    schemaVersion: 1,
    payload: { rerunId: id, taskId, reason, asked: JSON.stringify(asked) },
  });
  return { rerunId: id, taskId };
}

/** The same by keys. Rates are held against the version that is named, or against all that are in force. */
async function termsOf(tx: TenantTx, { plan, treeAt, rates }: AskedRerun['terms']): Promise<Terms> {
  const version = plan === undefined ? undefined : await versionNamed(tx, plan);
  const named: { ibKey: number; terms: AgreementTerms }[] = [];
  for (const { ibId, terms } of rates ?? []) named.push({ ibKey: (await ibOfId(tx, ibId)).key, terms });
  if (rates !== undefined && version === undefined)
    throw rerunProblem('commissions.rerun_version_unknown', {
      detail: 'Rates are those of a plan: name it, with its version',
    });
  if (version !== undefined) {
    const agreements = (rates ?? []).map(({ ibId, terms }) => ({ ib: ibId, terms }));
    const [first, ...more] = checkDefinition(version.definition, agreements);
    if (first !== undefined) throw refusalProblem([first, ...more]);
  }
  return {
    ...(version !== undefined && { versionKey: version.key }),
    ...(treeAt !== undefined && { treeAt: treeAt.toISOString() }),
    ...(named.length > 0 && { rates: named }),
  };
}

async function versionNamed(tx: TenantTx, { planId, version: number }: { planId: PlanId; version: number }) {
  const [row] = await queries.versionOfPlan(tx, { planId, number });
  const [plan] = await planOfId(tx, { id: planId });
  const [found] = plan === undefined ? [] : await versionOfNumber(tx, { planKey: plan.key, number });
  if (row === undefined || found === undefined)
    throw rerunProblem('commissions.rerun_version_unknown', { detail: `${planId}, version ${number}` });
  return { key: row.key, definition: found.definition };
}

/** A re-run; `commissions.rerun_unknown`. */
export async function rerunNow(tx: TenantTx, id: RerunId): Promise<StoredRerun> {
  const [rerun] = await queries.rerunOfId(tx, { id });
  if (rerun === undefined) throw rerunProblem('commissions.rerun_unknown', { detail: id });
  return rerun;
}
