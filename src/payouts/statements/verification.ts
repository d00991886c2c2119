import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { StatementId } from '../../kernel/ids.ts';
import type { Reach } from '../../platform/access.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { partiesWithin } from '../parties/service.ts';
import { PARTY_KINDS } from '../types.ts';
import type { verifyUpload } from './contract.ts';
import { isSigned, publicKeys, sha256 } from './keys.ts';
import * as queries from './queries.ts';
import { canonical, shownLines } from './service.ts';
import { findStatement, type StatementLine, statementLines, lineText } from './store.ts';
import type { StoredStatement, StatementVerdict } from './types.ts';

/** What of a statement is not as it was issued. */
export type Fault = 'head' | 'lines' | 'hash' | 'signature' | 'chain';

/** What a verification finds. */
export type StatementVerification = {
  readonly verdict: StatementVerdict;
  readonly statementId: StatementId | null;
  readonly faults: Fault[];
  readonly chain: {
    readonly number: number;
    readonly of: number;
    readonly hash: string;
    readonly previousHash: string | null;
  } | null;
  readonly linesChecked: number | null;
};

/** More lines than these are not computed again for one request; `cascade verify` computes all. */
const LINES_CHECKED_MAX = 50_000;
const LINES_PER_PAGE = 2_000;

const UNKNOWN: StatementVerification = {
  verdict: 'unknown',
  statementId: null,
  faults: [],
  chain: null,
  linesChecked: null,
};

/** Goes through a statement's lines, a page at a time. */
async function eachPage(
  tx: TenantTx,
  statement: StoredStatement,
  look: (lines: readonly StatementLine[]) => Promise<void> | void,
): Promise<number> {
  let count = 0;
  let after: StatementLine | undefined;
  for (;;) {
    const lines = await statementLines(tx, statement, { after, limit: LINES_PER_PAGE });
    await look(lines);
    count += lines.length;
    after = lines.at(-1);
    if (lines.length < LINES_PER_PAGE) return count;
  }
}

/** Whether the entries that a statement tells of still come to its lines' hash and sums. */
export async function recomputes(tx: TenantTx, statement: StoredStatement): Promise<boolean> {
  const hash = createHash('sha256');
  let sum = 0n;
  let isFirst = true;
  const count = await eachPage(tx, statement, (lines) => {
    for (const line of lines) {
      hash.update(`${isFirst ? '' : '\n'}${lineText(line)}`);
      isFirst = false;
      sum += line.units;
    }
  });
  const head = JSON.parse(statement.document) as { readonly lines?: { readonly sha256?: unknown } };
  return (
    count === statement.lines &&
    sum === statement.earningUnits + statement.adjustmentUnits &&
    hash.digest('hex') === head.lines?.sha256
  );
}

/** Keys by kid, asked once for many statements. */
export const keysByKid = async (tx: TenantTx): Promise<ReadonlyMap<string, string>> =>
  new Map((await publicKeys(tx)).map(({ kid, publicKey }) => [kid, publicKey]));

/** What is wrong with a statement as it is stored: its hash, its signature, its place in the chain. */
export async function statementFaults(
  tx: TenantTx,
  statement: StoredStatement,
  keys: ReadonlyMap<string, string>,
): Promise<Fault[]> {
  const { document, hash, kid, signature, number, previousHash } = statement;
  const key = keys.get(kid);
  const [before] =
    number === 1
      ? []
      : await queries.statementOfNumber(tx, {
          kind: PARTY_KINDS[statement.party.kind],
          party: statement.party.key,
          number: number - 1,
        });
  return [
    ...(sha256(document) === hash ? [] : (['hash'] as const)),
    ...(key !== undefined && isSigned(document, signature, key) ? [] : (['signature'] as const)),
    ...((before?.hash ?? null) === previousHash &&
    (JSON.parse(document) as { previous?: unknown }).previous === previousHash
      ? []
      : (['chain'] as const)),
  ];
}

/** Verifies a statement as it is stored, with its lines computed again. */
export async function verifyStored(tx: TenantTx, statement: StoredStatement): Promise<StatementVerification> {
  const faults = await statementFaults(tx, statement, await keysByKid(tx));
  const isChecked = statement.lines <= LINES_CHECKED_MAX;
  if (isChecked && !(await recomputes(tx, statement))) faults.push('lines');
  const { last } = onlyRow(
    await queries.chainLength(tx, { kind: PARTY_KINDS[statement.party.kind], party: statement.party.key }),
  );
  const { id, number, hash, previousHash, lines } = statement;
  return {
    verdict: faults.length === 0 ? 'valid' : 'altered',
    statementId: id,
    faults,
    chain: { number, of: last, hash, previousHash },
    linesChecked: isChecked ? lines : null,
  };
}

type Upload = z.infer<typeof verifyUpload.body>;

/**
 * Verifies what somebody holds against the statement that it says it is: to the letter, in canonical form. `unknown` where there is
 * no such statement within reach.
 */
export async function verifyUploaded(tx: TenantTx, reach: Reach, upload: Upload): Promise<StatementVerification> {
  const id = StatementId.safeParse(upload.statement['id']);
  const whose = await partiesWithin(tx, reach, undefined);
  const statement = !id.success || whose === 'nobody' ? undefined : await findStatement(tx, id.data, whose);
  if (statement === undefined) return UNKNOWN;
  const stored = await verifyStored(tx, statement);
  const faults = new Set(stored.faults);
  if (canonical(upload.statement) !== statement.document) faults.add('head');
  if (upload.hash !== undefined && upload.hash !== statement.hash) faults.add('hash');
  const { signature } = upload;
  if (
    signature !== undefined &&
    (signature.alg !== 'ES256' || signature.kid !== statement.kid || signature.value !== statement.signature)
  )
    faults.add('signature');
  if (upload.lines !== undefined && !(await hasLines(tx, statement, upload.lines))) faults.add('lines');
  return { ...stored, verdict: faults.size === 0 ? 'valid' : 'altered', faults: [...faults] };
}

async function hasLines(tx: TenantTx, statement: StoredStatement, given: readonly object[]): Promise<boolean> {
  if (given.length !== statement.lines) return false;
  let place = 0;
  let isSame = true;
  await eachPage(tx, statement, async (lines) => {
    for (const line of await shownLines(tx, statement, lines)) {
      const uploaded = given[place];
      isSame &&= uploaded !== undefined && canonical(uploaded) === canonical(line);
      place += 1;
    }
  });
  return isSame && place === given.length;
}
