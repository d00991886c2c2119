import { ApiKeyId, UserId } from '../../kernel/ids.ts';
import {
  chainHead,
  type ChainedEvent,
  emit,
  type EventFilter,
  eventsBetween,
  eventsPage,
} from '../../platform/events/index.ts';
import type { PageAsked } from '../../platform/paging.ts';
import type { Origin, RealmTx } from '../../platform/tenant-tx.ts';
import { isTenantTx, type Realm } from '../realm.ts';
import * as queries from './queries.ts';
import { actorIn } from './rules.ts';

/** A page of a realm's audit trail, with the names of those who acted, as far as they are known there. */
export async function auditPage(tx: RealmTx, filter: EventFilter, page: PageAsked<'seq'>) {
  const { rows, nextCursor } = await eventsPage(tx, filter, page);
  const named = rows.map((event) => ({ event, actor: actorIn(event.actor) }));
  const names = await namesOf(tx, [...new Set(named.map(({ actor }) => actor.id))]);
  return {
    nextCursor,
    entries: named.map(({ event, actor }) => ({ event, actor: { ...actor, name: names.get(actor.id) ?? null } })),
  };
}

async function namesOf(tx: RealmTx, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const userIds = ids.filter((id) => UserId.safeParse(id).success);
  const keyIds = ids.filter((id) => ApiKeyId.safeParse(id).success);
  const users = userIds.length === 0 ? [] : await queries.namesOfUsers(tx, { userIds });
  const keys = keyIds.length === 0 || !isTenantTx(tx) ? [] : await queries.namesOfApiKeys(tx, { keyIds });
  return new Map([...users, ...keys].map(({ id, name }) => [id, name]));
}

const ROWS_PER_READ = 500;

/** An export: what the chain's end was when it began, and its events in runs, each read in a transaction of its own. */
export type AuditExport = {
  readonly head: { readonly seq: bigint; readonly hash: Buffer };
  readonly runs: AsyncGenerator<readonly ChainedEvent[]>;
};

/**
 * Begins an export, which is an event itself, and comes behind its own end. However long the reader takes, no transaction
 * is held open for it and no more than one run is in memory: events never change, so the runs fit together.
 */
export async function beginExport(
  realm: Realm,
  origin: Origin,
  filter: EventFilter,
  format: string,
): Promise<AuditExport> {
  const head = await realm.run(origin, async (tx) => {
    const end = await chainHead(tx);
    const { from, to, ...texts } = filter;
    const asked = { ...texts, from: from?.toISOString(), to: to?.toISOString() };
    const given = Object.fromEntries(
      Object.entries(asked).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])),
    );
    const payload = { format, filter: given, upTo: end.seq.toString() };
    emit(tx, { stream: 'audit', type: 'audit.exported', schemaVersion: 1, payload });
    return end;
  });
  return { head, runs: runsOf(realm, origin, filter, head.seq) };
}

async function* runsOf(
  realm: Realm,
  origin: Origin,
  filter: EventFilter,
  upTo: bigint,
): AsyncGenerator<readonly ChainedEvent[]> {
  let after = 0n;
  while (after < upTo) {
    const range = { after, upTo, max: ROWS_PER_READ };
    const run = await realm.run(origin, (tx) => eventsBetween(tx, filter, range));
    if (run.length > 0) yield run;
    if (run.length < ROWS_PER_READ) return;
    after = run.at(-1)?.seq ?? upTo;
  }
}
