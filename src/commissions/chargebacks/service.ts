import { z } from 'zod';
import { clientKeyOf, clientUnknown, loginsWithin } from '../../clients/index.ts';
import { chainsOf } from '../../ib/index.ts';
import { defineApproval } from '../../identity/index.ts';
import { ReasonText } from '../../kernel/contact.ts';
import { ApprovalId, ClientId } from '../../kernel/ids.ts';
import { reachesEverything } from '../../platform/access.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import { defineTask, requestTask } from '../../platform/tasks/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { closedTrades } from '../../trading/index.ts';
import { award } from '../awards/service.ts';
import { KIND_NUMBERS } from '../booking/rules.ts';
import { FINAL, revisionsOf, wholeReason } from '../corrections/rules.ts';
import { writeRevisions } from '../corrections/service.ts';
import { liveBookings } from '../corrections/store.ts';
import { holdSettlement } from '../cuts/service.ts';
import { readConfiguration } from '../plans/queries.ts';
import { EvidenceText } from './contract.ts';
import * as queries from './queries.ts';

const PAGE = 500;
const LOGINS_MAX = 10_000;

/** What is charged back: all that came of a client since a deposit. */
type Chargeback = {
  readonly clientId: ClientId;
  readonly clientKey: number;
  readonly since: Date;
  readonly reason: string;
  readonly evidence: string;
  readonly approvalId?: string;
};

type Point = { readonly closedAt: Date; readonly dealKey: bigint };

/**
 * Takes back what the next trades of a client earned since a deposit, at most 500: a revision of each that leaves nothing of it,
 * so that every trade keeps adding up by itself. Gives how many had earned anything and where to go on, undefined at the end; what
 * was taken back before, or deleted, is passed over. What was paid out is a receivable by it.
 */
async function chargeBackTrades(
  tx: TenantTx,
  { clientId, since, reason, approvalId }: Chargeback,
  after: Point | undefined,
): Promise<{ readonly trades: number; readonly next: Point | undefined }> {
  await holdSettlement(tx);
  const logins = await loginsWithin(tx, reachesEverything, { clientId, limit: LOGINS_MAX });
  if (logins.length === 0) return { trades: 0, next: undefined };
  const range = { logins, from: since };
  const closed = await closedTrades(tx, { range, sort: 'closedAt', after: after ?? null, limit: PAGE });
  const live = await liveBookings(
    tx,
    closed.map(({ dealKey }) => dealKey),
  );
  // Those that were paid nothing too: what is taken back leaves room under caps, and they would earn it at the next look.
  const open = [...live.values()].filter((booking) => !FINAL.has(wholeReason(booking) ?? ''));
  const revisions = open.flatMap((booking) =>
    revisionsOf(booking, { kind: 'nothing', reason: 'charged_back', factsKey: booking.factsKey }),
  );
  if (revisions.length > 0) {
    const { knownAt } = await chainsOf(tx, []);
    const { version } = onlyRow(await readConfiguration(tx, {}));
    // The evidence is about the client: it stays with the approval, for a cause is told to introducing brokers.
    const cause = { kind: 'chargeback', reason, ...(approvalId && { approvalId }) } as const;
    await writeRevisions(tx, revisions, cause, { knownAt, configurationVersion: version });
  }
  const last = closed.at(-1);
  const next =
    closed.length < PAGE || last === undefined ? undefined : { closedAt: last.closedAt, dealKey: last.dealKey };
  return { trades: open.filter(({ shares }) => shares.length > 0).length, next };
}

/** Takes back what was awarded for a client since a deposit, each award once, at most 500; gives how many. */
async function chargeBackAwards(tx: TenantTx, { clientKey, since, reason, evidence }: Chargeback): Promise<number> {
  const found = await queries.awardsOfClient(tx, { clientKey, since, limit: PAGE });
  await award(
    tx,
    found.map(({ key, units, kinds, beneficiaries, depths, parts, ...kept }) => ({
      ...kept,
      kind: 'clawback',
      clientKey,
      units: -units,
      inputs: { award: String(key), since: since.toISOString(), reason, evidence },
      once: `clawback/${key}`,
      parts: kinds.map((kind, place) => ({
        kind: kind === KIND_NUMBERS.ib ? 'ib' : 'client',
        beneficiary: beneficiaries[place] ?? 0,
        depth: depths[place] ?? 0,
        units: -(parts[place] ?? 0n),
      })),
    })),
  );
  return found.length;
}

const Payload = z.strictObject({
  clientId: ClientId,
  clientKey: z.int(),
  since: z.iso.datetime(),
  reason: ReasonText,
  evidence: EvidenceText,
});
const Checkpoint = z.strictObject({
  after: z.strictObject({ at: z.iso.datetime(), key: z.string() }).nullable(),
  trades: z.int(),
});

/** Carries a chargeback out, page by page; killed at any instant it goes on where it was, and nothing is taken back twice. */
export const chargebackTask = defineTask({
  kind: 'commissions.chargeback',
  right: { action: 'ask', resource: 'chargebacks' },
  isAgreed: true,
  payload: Payload.extend({ approvalId: ApprovalId }),
  checkpoint: Checkpoint,
  run: async (task, { since, ...payload }) => {
    const asked = { ...payload, since: new Date(since) };
    let at: z.infer<typeof Checkpoint> = task.checkpoint ?? { after: null, trades: 0 };
    let awards = 0;
    const left = { more: true };
    while (left.more)
      await task.page(async (tx) => {
        const after =
          at.after === null ? undefined : { closedAt: new Date(at.after.at), dealKey: BigInt(at.after.key) };
        const { trades, next } = await chargeBackTrades(tx, asked, after);
        const taken = next === undefined ? await chargeBackAwards(tx, asked) : 0;
        awards += taken;
        left.more = next !== undefined || taken === PAGE; // The last trades once more then, which changes nothing.
        if (!left.more) {
          const { clientId } = payload;
          emit(tx, {
            stream: `chargeback/${payload.approvalId}`,
            type: 'commissions.charged_back',
            schemaVersion: 1,
            payload: { clientId, since, trades: at.trades + trades, awards, reason: payload.reason },
          });
        }
        at = {
          after: next === undefined ? at.after : { at: next.closedAt.toISOString(), key: String(next.dealKey) },
          trades: at.trades + trades,
        };
        return { done: at.trades, checkpoint: at };
      });
    return { trades: at.trades, awards };
  },
});

/** The kind of approval by which a chargeback is carried out. Whose trades it is about was seen; what came of them may have grown. */
export const chargebackApproval = defineApproval({
  kind: 'commissions.chargeback',
  right: { action: 'approve', resource: 'chargebacks' },
  payload: Payload,
  fingerprint: async (tx, { clientId }) => {
    const key = await clientKeyOf(tx, clientId);
    if (key === undefined) throw clientUnknown(clientId);
    return `client ${key}`;
  },
  execute: async (tx, payload, { approvalId }) => ({
    taskId: await requestTask(tx, chargebackTask, { ...payload, approvalId }, { once: approvalId }),
  }),
});
