import type { RealmTx } from '../tenant-tx.ts';
import * as queries from './queries.ts';
import { CHAIN_START, chainHash } from './chain.ts';
import type { ChainHead, Finding } from './types.ts';

const PAGE_ROWS = 1_000;
const STREAMS_NAMED_MAX = 20;

const at = (seq: bigint): string => `event/${seq}`;
const short = (hash: Buffer | null): string => (hash === null ? 'nothing' : hash.toString('hex').slice(0, 12));

/**
 * Recomputes a chain of events from the first row to the head, page by page, and counts the versions of each
 * stream. Of each rule the first breach is named. `headOutside` is the copy kept in the control database, read before
 * this transaction began: only it can show that the end of the chain was cut off, or the whole of it written anew.
 * An event that was recorded while this runs is left for the next time.
 */
export async function verifyEvents(
  tx: RealmTx,
  options: { headOutside?: ChainHead | undefined } = {},
): Promise<Finding[]> {
  const [head] = await queries.headAndLast(tx, {});
  if (head === undefined)
    return [{ rule: 'events.head', subject: 'event_head', detail: 'The head of the chain is missing' }];
  const upTo = head.lastSeq > head.seq ? head.lastSeq : head.seq;
  return [
    ...(await verifyChain(tx, upTo)),
    ...verifyHead(head),
    ...(await verifyOutside(tx, head.lastSeq, options.headOutside)),
    ...(await verifyStreams(tx, upTo)),
  ];
}

/** Numbers without a hole, each row's link to the one before, and each row's own hash. */
async function verifyChain(tx: RealmTx, upTo: bigint): Promise<Finding[]> {
  const first = new Map<string, Finding>();
  const found = (rule: string, seq: bigint, detail: string): void => {
    if (!first.has(rule)) first.set(rule, { rule, subject: at(seq), detail });
  };
  let seq = 0n;
  let hash: Buffer = CHAIN_START;
  for (;;) {
    const page = await queries.eventsToVerify(tx, { after: seq, upTo, max: PAGE_ROWS });
    for (const row of page) {
      const { previousHash, hash: stored, ...event } = row;
      if (event.seq !== seq + 1n) found('events.seq', seq + 1n, `Missing: ${at(event.seq)} follows ${at(seq)}`);
      if (!previousHash.equals(hash))
        found('events.link', event.seq, `Links to ${short(previousHash)}, the one before is ${short(hash)}`);
      const computed = chainHash(previousHash, event);
      if (!computed.equals(stored))
        found('events.hash', event.seq, `Its content gives ${short(computed)}, recorded was ${short(stored)}`);
      seq = event.seq;
      hash = stored;
    }
    if (page.length < PAGE_ROWS) break;
  }
  return [...first.values()];
}

function verifyHead(head: { seq: bigint; hash: Buffer; lastSeq: bigint; lastHash: Buffer | null }): Finding[] {
  const lastHash = head.lastHash ?? CHAIN_START;
  if (head.seq === head.lastSeq && head.hash.equals(lastHash)) return [];
  const firstBad = head.lastSeq < head.seq ? head.lastSeq + 1n : head.lastSeq;
  return [
    {
      rule: 'events.head',
      subject: at(firstBad),
      detail: `The head says ${head.seq} ${short(head.hash)}, the last row is ${head.lastSeq} ${short(lastHash)}`,
    },
  ];
}

async function verifyOutside(tx: RealmTx, lastSeq: bigint, outside: ChainHead | undefined): Promise<Finding[]> {
  if (outside === undefined || outside.seq === 0n) return [];
  const rule = 'events.head_outside';
  if (lastSeq < outside.seq)
    return [
      {
        rule,
        subject: at(lastSeq + 1n),
        detail: `The chain ends at ${lastSeq}, but ${outside.seq} was seen: its end was cut off`,
      },
    ];
  const [row] = await queries.hashAt(tx, { seq: outside.seq });
  if (row?.hash.equals(outside.hash) === true) return [];
  return [
    {
      rule,
      subject: at(outside.seq),
      detail: `Seen was ${short(outside.hash)}, there is ${short(row?.hash ?? null)}: the chain was written anew`,
    },
  ];
}

async function verifyStreams(tx: RealmTx, upTo: bigint): Promise<Finding[]> {
  const bad = await queries.badStreamVersions(tx, { upTo, max: STREAMS_NAMED_MAX });
  return bad.map((row) => ({
    rule: 'events.version',
    subject: at(row.seq),
    detail: `Version ${row.version} of ${row.stream} where ${row.expected} is due`,
  }));
}

/** The end of a chain, as the realm itself has it. */
export async function chainHead(tx: RealmTx): Promise<ChainHead> {
  const [head] = await queries.readHead(tx, {});
  return head === undefined ? { seq: 0n, hash: CHAIN_START } : { seq: head.seq, hash: head.hash };
}

/** How many events were recorded, by the head of its chain. */
export async function countEvents(tx: RealmTx): Promise<bigint> {
  return (await chainHead(tx)).seq;
}
