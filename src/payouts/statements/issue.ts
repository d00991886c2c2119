import canonicalize from 'canonicalize';
import { holdSettlement } from '../../commissions/index.ts';
import { type AccountRef, balancesOfOwners, post } from '../../ledger/index.ts';
import { idFromUuid, newUuid, StatementId } from '../../kernel/ids.ts';
import { parseMoney } from '../../kernel/money.ts';
import type { Sealer } from '../../platform/crypto.ts';
import { emit } from '../../platform/events/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { nextCandidates } from '../cycles/service.ts';
import type { Candidate, Cycle } from '../cycles/types.ts';
import { idsOfParties, type PartyId, partyOfRow, presentInstant } from '../parties/service.ts';
import type { ScheduleTerms } from '../schedules/contract.ts';
import { gridOf, isFine } from '../schedules/rules.ts';
import { termsAt } from '../schedules/service.ts';
import type { Party } from '../types.ts';
import * as queries from './issue-queries.ts';
import { sha256, signerOf, type StatementSigner } from './keys.ts';
import { type HeadFacts, headOf, settleSum } from './rules.ts';
import type { StatementFigures, Settled } from './types.ts';

/** Statements that one transaction makes at most, and the entries behind them: whoever settles meanwhile waits for it. */
const PARTIES_MAX = 250;
const ENTRIES_MAX = 50_000n;

/** A statement that is about to be stored. */
type Drawn = {
  readonly id: StatementId;
  readonly figures: StatementFigures;
  readonly settled: Settled;
  readonly nettedUnits: bigint;
  readonly number: number;
  readonly previousHash: string | null;
  readonly document: string;
  readonly hash: string;
  readonly signature: string;
};

/**
 * Makes the statements of the next beneficiaries of a cycle that is read, once: the transaction also says how far it came. Nets
 * what they owe by a ledger transfer of each (`statement/<id>`), behind `holdSettlement`. Gives how many statements.
 */
export async function issueOn(tx: TenantTx, cycle: Cycle, sealer: Sealer): Promise<number> {
  await holdSettlement(tx);
  const { members, goOn } = await nextCandidates(tx, cycle, { limit: PARTIES_MAX, entriesMax: ENTRIES_MAX });
  const made = members.length === 0 ? 0 : await issueTo(tx, cycle, members, sealer);
  await goOn();
  return made;
}

async function issueTo(tx: TenantTx, cycle: Cycle, members: readonly Candidate[], sealer: Sealer): Promise<number> {
  const withCarried = !isFine(gridOf(cycle.signature));
  const figures = await figuresOf(tx, cycle, members, withCarried);
  if (figures.length === 0) return 0;
  const parties = figures.map(partyOfRow);
  const idOf = await idsOfParties(tx, parties);
  const terms = await termsAt(tx, parties, cycle.endsAt);
  const netted = await nettedOf(tx, figures);
  const drawn = await draw(tx, {
    cycle,
    figures,
    terms,
    netted: netted.units,
    idOf: (each) => idOf(partyOfRow(each)),
    signer: await signerOf(tx, sealer),
    issuedAt: await presentInstant(tx),
  });
  post(
    tx,
    drawn.flatMap(({ id, nettedUnits: units, figures: { kind, party, currency } }) => {
      if (units === 0n) return [];
      const { payable, receivable } = netted.accountsOf({ kind, party, currency });
      return [{ reference: `statement/${id}`, leg: 0, debit: payable, credit: receivable, money: { units, currency } }];
    }),
  );
  emit(tx, {
    stream: `statement-cycle/${cycle.key}`,
    type: 'payouts.statements_issued',
    schemaVersion: 1,
    payload: {
      schedule: cycle.signature,
      endsAt: cycle.endsAt.toISOString(),
      cutBatch: cycle.cutBatch.toString(),
      statements: drawn.length,
      beneficiaries: [...new Set(parties.map(idOf))],
    },
  });
  return drawn.length;
}

async function figuresOf(
  tx: TenantTx,
  { key: cycleKey, cutBatch, endsAt }: Cycle,
  members: readonly Candidate[],
  withCarried: boolean,
): Promise<StatementFigures[]> {
  return queries.figuresOf(tx, {
    cycleKey,
    cutBatch,
    endsAt,
    withCarried,
    kinds: members.map(({ kind }) => kind),
    parties: members.map(({ party }) => party),
    firstDeals: members.map(({ firstDeal }) => firstDeal),
    lastDeals: members.map(({ lastDeal }) => lastDeal),
    firstAwards: members.map(({ firstAward }) => firstAward),
    lastAwards: members.map(({ lastAward }) => lastAward),
  });
}

type Whose = Pick<StatementFigures, 'kind' | 'party' | 'currency'>;
const nameOf = ({ kind, party, currency }: Whose): string => `${kind} ${party} ${currency}`;

/** What of each one's receivable is netted now: as much as its payable account has free. */
async function nettedOf(tx: TenantTx, figures: readonly StatementFigures[]) {
  const refs = (purposes: Readonly<Record<Party['kind'], AccountRef['purpose']>>): AccountRef[] =>
    figures.map((each) => ({ purpose: purposes[partyOfRow(each).kind], owner: each.party, currency: each.currency }));
  const accounts = await balancesOfOwners(tx, [
    ...refs({ ib: 'ib_payable', client: 'trader_rebate_payable' }),
    ...refs({ ib: 'ib_receivable', client: 'trader_rebate_receivable' }),
  ]);
  const named = new Map(
    accounts.map((account) => [`${account.purpose} ${account.owner} ${account.currency}`, account]),
  );
  const found = ({ kind, party, currency }: Whose) => {
    const [payable, receivable] =
      partyOfRow({ kind, party }).kind === 'ib'
        ? ['ib_payable', 'ib_receivable']
        : ['trader_rebate_payable', 'trader_rebate_receivable'];
    return {
      payable: named.get(`${payable} ${party} ${currency}`),
      receivable: named.get(`${receivable} ${party} ${currency}`),
    };
  };
  const units = new Map(
    figures.map((each) => {
      const { payable, receivable } = found(each);
      const free = payable?.free ?? 0n;
      const owed = receivable?.balance ?? 0n;
      return [nameOf(each), owed < free ? owed : free];
    }),
  );
  const accountsOf = (whose: Whose) => {
    const { payable, receivable } = found(whose);
    if (payable === undefined || receivable === undefined)
      throw new Error(`nothing can be netted of ${nameOf(whose)}: an account is missing`);
    return { payable: payable.key, receivable: receivable.key };
  };
  return { units, accountsOf };
}

type Drawing = {
  readonly cycle: Cycle;
  readonly figures: readonly StatementFigures[];
  /** What holds for each of the figures' beneficiaries, in their order. */
  readonly terms: readonly ScheduleTerms[];
  readonly netted: ReadonlyMap<string, bigint>;
  readonly idOf: (whose: Whose) => PartyId;
  readonly signer: StatementSigner;
  readonly issuedAt: Date;
};

/** Writes the statements: numbers and hashes go on where each beneficiary's chain ends. */
async function draw(tx: TenantTx, drawing: Drawing): Promise<Drawn[]> {
  const { cycle, figures, terms, signer, issuedAt } = drawing;
  const ends = new Map<string, { readonly number: number; readonly hash: string }>();
  for (const { kind, party, number, hash } of await queries.chainEnds(tx, keysOf(figures)))
    ends.set(`${kind} ${party}`, { number, hash });
  const drawn = figures.map((each, place): Drawn => {
    const chain = `${each.kind} ${each.party}`;
    const end = ends.get(chain);
    const minimum = terms[place]?.minimums.find(({ currency }) => currency === each.currency);
    const minimumUnits = minimum === undefined ? 0n : parseMoney(minimum, 'minor').units;
    const { openingUnits, earningUnits, adjustmentUnits } = each;
    const settled = settleSum(openingUnits + earningUnits + adjustmentUnits, each.currency, minimumUnits);
    const statement = {
      id: StatementId.parse(idFromUuid('sta', newUuid(issuedAt.getTime()))),
      figures: each,
      settled,
      nettedUnits: drawing.netted.get(nameOf(each)) ?? 0n,
      number: (end?.number ?? 0) + 1,
      previousHash: end?.hash ?? null,
    };
    const document = documentOf(tx, drawing, statement, minimumUnits);
    const hash = sha256(document);
    ends.set(chain, { number: statement.number, hash });
    return { ...statement, document, hash, signature: signer.sign(document) };
  });
  await insert(tx, cycle, drawn, { kid: signer.kid, issuedAt });
  return drawn;
}

const keysOf = (figures: readonly StatementFigures[]) => {
  const chains = new Map(figures.map((each) => [`${each.kind} ${each.party}`, each]));
  return {
    kinds: [...chains.values()].map(({ kind }) => kind),
    parties: [...chains.values()].map(({ party }) => party),
  };
};

function documentOf(
  { tenantId }: TenantTx,
  { cycle, idOf, issuedAt }: Drawing,
  { id, figures, settled, nettedUnits, number, previousHash }: Omit<Drawn, 'document' | 'hash' | 'signature'>,
  minimumUnits: bigint,
): string {
  const facts: HeadFacts = {
    id,
    tenantId,
    number,
    beneficiary: { kind: partyOfRow(figures).kind, id: idOf(figures) },
    schedule: cycle.signature,
    period: { from: figures.startsAt?.toISOString() ?? null, to: cycle.endsAt.toISOString() },
    cut: { batch: cycle.cutBatch.toString(), at: cycle.cutAt.toISOString() },
    issuedAt: issuedAt.toISOString(),
    minimumUnits,
    nettedUnits,
    previous: previousHash,
  };
  const document = canonicalize(headOf(facts, figures, settled));
  if (document === undefined) throw new TypeError('a statement has no canonical form');
  return document;
}

async function insert(
  tx: TenantTx,
  { key: cycleKey, cutBatch, endsAt, signature }: Cycle,
  drawn: readonly Drawn[],
  { kid, issuedAt }: { readonly kid: string; readonly issuedAt: Date },
): Promise<void> {
  await queries.insertStatements(tx, {
    cycleKey,
    cutBatch,
    endsAt,
    issuedAt,
    kid,
    isTold: !isFine(gridOf(signature)),
    ids: drawn.map(({ id }) => id),
    kinds: drawn.map(({ figures }) => figures.kind),
    parties: drawn.map(({ figures }) => figures.party),
    numbers: drawn.map(({ number }) => number),
    currencies: drawn.map(({ figures }) => figures.currency),
    previousKeys: drawn.map(({ figures }) => figures.previousKey),
    startsAts: drawn.map(({ figures }) => figures.startsAt),
    openings: drawn.map(({ figures }) => figures.openingUnits),
    earnings: drawn.map(({ figures }) => figures.earningUnits),
    adjustments: drawn.map(({ figures }) => figures.adjustmentUnits),
    payables: drawn.map(({ settled }) => settled.payableUnits),
    carrieds: drawn.map(({ settled }) => settled.carriedUnits),
    carries: drawn.map(({ settled }) => settled.carries),
    netteds: drawn.map(({ nettedUnits }) => nettedUnits),
    lines: drawn.map(({ figures }) => figures.lines),
    firstDeals: drawn.map(({ figures }) => figures.firstDeal),
    lastDeals: drawn.map(({ figures }) => figures.lastDeal),
    firstAwards: drawn.map(({ figures }) => figures.firstAward),
    lastAwards: drawn.map(({ figures }) => figures.lastAward),
    documents: drawn.map(({ document }) => document),
    hashes: drawn.map(({ hash }) => hash),
    previousHashes: drawn.map(({ previousHash }) => previousHash),
    signatures: drawn.map(({ signature: each }) => each),
  });
}
