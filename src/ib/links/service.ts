import type { ApprovalId, IbId } from '../../kernel/ids.ts';
import { sqlStateOf } from '../../platform/database.ts';
import { emit } from '../../platform/events/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { ibProblem } from '../errors.ts';
import * as shared from '../queries.ts';
import { slicesOf } from '../rules.ts';
import { beginChange, ibOfId, mustBeThere } from '../store.ts';
import type { Moved, NewClientLink } from '../types.ts';
import * as queries from './queries.ts';

const ROWS_MAX = 10_000;
const refusals = {
  '23P01': 'ib.client_linked', // The trigger against overlaps,
  '23505': 'ib.client_linked', // or two links that would end at one time.
  '23503': 'ib.client_unknown',
  '23514': 'ib.link_empty',
} as const;

const hasEntry = (code: string | undefined): code is keyof typeof refusals =>
  code !== undefined && Object.hasOwn(refusals, code);

/**
 * Links clients to IBs as a set, one event per ten thousand rows. `ib.client_linked` if a client would belong to two IBs
 * at one time, `ib.client_unknown`, `ib.unknown`, `ib.not_yet_valid` if the IB joins later than the client,
 * `ib.link_empty` if a link would end before it begins.
 */
export async function linkClients(tx: TenantTx, links: readonly NewClientLink[]): Promise<void> {
  if (links.length === 0) return;
  const recordedAt = await beginChange(tx);
  await mustAllBeThere(tx, links, recordedAt);
  for (const slice of slicesOf(links, ROWS_MAX)) {
    const rows = await unlessRefused(() =>
      queries.insertLinks(tx, {
        clientKeys: slice.map((link) => link.clientKey),
        ibKeys: slice.map((link) => link.ibKey),
        validFroms: slice.map((link) => link.validFrom ?? recordedAt),
        validTos: slice.map((link) => link.validTo ?? null),
        recordedAt,
      }),
    );
    const [only] = slice;
    emit(tx, {
      stream: slice.length === 1 && only !== undefined ? `ib_client/${only.clientKey}` : 'ib_clients',
      type: 'ib.clients_linked',
      schemaVersion: 1,
      payload: { linkKeys: rows.map((row) => row.key), recordedAt: recordedAt.toISOString() },
    });
  }
}

async function mustAllBeThere(tx: TenantTx, links: readonly NewClientLink[], recordedAt: Date): Promise<void> {
  const keys = [...new Set(links.map((link) => link.ibKey))];
  const ibs = new Map((await shared.ibsOfKeys(tx, { keys })).map((ib) => [ib.key, ib]));
  for (const link of links) {
    const ib = ibs.get(link.ibKey);
    if (ib === undefined) throw ibProblem('ib.unknown', { detail: `key ${link.ibKey}` });
    mustBeThere(ib, link.validFrom ?? recordedAt);
  }
}

/**
 * Gives a client to another IB, or to none, now or at a later instant, or as of an earlier one (`backdated`); holds until the
 * client's next link that is scheduled already. Errors: `ib.move_backdated`, `ib.move_ahead`, `ib.unknown`, `ib.not_yet_valid`,
 * `ib.move_unchanged`, `ib.client_unknown`.
 */
export async function relinkClient(
  tx: TenantTx,
  move: {
    readonly clientKey: number;
    readonly ibId: IbId | null;
    readonly effectiveAt?: Date;
    /** Whether it corrects the past. Whoever says so has seen to it that somebody agrees. */
    readonly backdated?: boolean;
    readonly reason: string;
    readonly approvalId?: ApprovalId;
  },
): Promise<Moved> {
  const { clientKey, reason } = move;
  const { recordedAt, at, ib, link } = await foreseeRelink(tx, move);
  const [next] = link === undefined ? await queries.nextLinkAfter(tx, { clientKey, at }) : [];
  const until = link?.validTo ?? next?.validFrom ?? null;
  await unlessRefused(() =>
    queries.replaceLink(tx, { clientKey, ibKey: ib?.key ?? null, at, until, recordedAt, reason }),
  );
  emit(tx, {
    stream: `ib_client/${clientKey}`,
    type: 'ib.client_relinked',
    schemaVersion: 1,
    payload: {
      clientKey,
      ibId: move.ibId,
      before: { ibId: link?.ibId ?? null },
      after: { ibId: move.ibId },
      effectiveAt: at.toISOString(),
      until: until?.toISOString() ?? null,
      recordedAt: recordedAt.toISOString(),
      reason,
      approvalId: move.approvalId ?? null,
    },
  });
  return { effectiveAt: at, until, recordedAt };
}

/** The link of a client that holds at an instant, undefined where none does; holds off other changes until the transaction ends. */
export async function linkOf(tx: TenantTx, { clientKey, at }: { readonly clientKey: number; readonly at: Date }) {
  await beginChange(tx);
  const [link] = await queries.linkAt(tx, { clientKey, at });
  return link;
}

/**
 * Whether a client can be given to an IB as things stand, and the link that would end; holds off other changes of the tree until
 * the transaction ends. Errors as `relinkClient`.
 */
export async function foreseeRelink(
  tx: TenantTx,
  move: {
    readonly clientKey: number;
    readonly ibId: IbId | null;
    readonly effectiveAt?: Date;
    readonly backdated?: boolean;
  },
) {
  const recordedAt = await beginChange(tx);
  const at = move.effectiveAt ?? recordedAt;
  if (at < recordedAt && move.backdated !== true)
    throw ibProblem('ib.move_backdated', { detail: `Asked ${at.toISOString()}, it is ${recordedAt.toISOString()}` });
  if (at > recordedAt && move.backdated === true)
    throw ibProblem('ib.move_ahead', { detail: `Asked ${at.toISOString()}, it is ${recordedAt.toISOString()}` });
  const ib = move.ibId === null ? null : await ibOfId(tx, move.ibId);
  if (ib !== null) mustBeThere(ib, at);
  const [link] = await queries.linkAt(tx, { clientKey: move.clientKey, at });
  if ((link?.ibKey ?? null) === (ib?.key ?? null))
    throw ibProblem('ib.move_unchanged', { detail: `The client is of ${ib === null ? 'nobody' : ib.id} then` });
  return { recordedAt, at, ib, link };
}

/** The database's refusals in our words. */
async function unlessRefused<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const code = sqlStateOf(error);
    if (!hasEntry(code)) throw error;
    throw ibProblem(refusals[code], { cause: error });
  }
}
