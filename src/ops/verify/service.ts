import { recompute, recomputeAllAwards, verifyBookings } from '../../commissions/index.ts';
import { countIbs, verifyTree } from '../../ib/index.ts';
import { countTransfers, trialBalance, verifyLedger } from '../../ledger/index.ts';
import { countEvents, headKeptOutside, verifyEvents } from '../../platform/events/index.ts';
import { verifyPayouts, verifyStatements } from '../../payouts/index.ts';
import type { TenantTx, WithControl, WithTenant } from '../../platform/tenant-tx.ts';
import type { Tenant } from '../../tenancy/index.ts';
import { countDeals, verifyFeed } from '../../trading/index.ts';
import * as queries from './queries.ts';
import type { Breach, CheckedPart, Verification } from './types.ts';

/** What a verification needs to reach. */
export type VerifyDependencies = { readonly withTenant: WithTenant; readonly withControl: WithControl };

/** Whether every booking is computed again as well, and who is told how far it is. */
export type VerifyOptions = {
  readonly recompute?: boolean;
  readonly onPart?: (part: CheckedPart['part'], done: number, total: number) => void;
};

type Part = {
  readonly part: CheckedPart['part'];
  readonly counts: CheckedPart['counts'];
  readonly findings: readonly Breach[];
};
type Look = (tx: TenantTx) => Promise<Omit<Part, 'part'>>;

/**
 * Checks a tenant against every rule of every feature: the chain of events against itself and the head kept outside,
 * the tree, the feed, each booking, the ledger; with `recompute` every booking is computed again from its inputs. All of
 * it sees one moment, so it may run while trades are booked. A problem (503 …) means that it could not be checked.
 */
export async function verifyTenant(
  { withTenant, withControl }: VerifyDependencies,
  tenant: Pick<Tenant, 'id' | 'slug'>,
  options: VerifyOptions = {},
): Promise<Verification> {
  const headOutside = await headKeptOutside(withControl, tenant.id); // Before the moment that is looked at: it only grows.
  const looks: readonly [CheckedPart['part'], Look][] = [
    [
      'events',
      async (tx) => ({
        findings: await verifyEvents(tx, { headOutside }),
        counts: { events: Number(await countEvents(tx)) },
      }),
    ],
    ['tree', async (tx) => ({ findings: await verifyTree(tx), counts: { ibs: await countIbs(tx) } })],
    ['feed', async (tx) => ({ findings: await verifyFeed(tx), counts: { deals: Number(await countDeals(tx)) } })],
    ['bookings', verifyBookingsPart],
    ['ledger', verifyLedgerPart],
    ['statements', verifyStatementsPart],
    ['payouts', verifyPayoutsPart],
    ...(options.recompute === true ? ([['recomputation', recomputePart]] satisfies [CheckedPart['part'], Look][]) : []),
  ];
  const parts = await withTenant(tenant.id, { actor: 'verifier', causation: 'verify' }, async (tx) => {
    await queries.seeOneMoment(tx, {});
    const done: Part[] = [];
    for (const [part, look] of looks) {
      options.onPart?.(part, done.length, looks.length);
      done.push({ part, ...(await look(tx)) });
    }
    return done;
  });
  const findings = parts.flatMap((part) => part.findings);
  return {
    ok: findings.length === 0,
    tenant: tenant.slug,
    checked: Object.assign({}, ...parts.map(({ counts }) => counts)) as Record<string, number>,
    parts: parts.map((part) => ({ ...part, findings: part.findings.length })),
    findings,
  };
}

const verifyBookingsPart: Look = async (tx) => {
  const { findings, checked } = await verifyBookings(tx);
  return { findings, counts: checked };
};

/** The ledger's own rules, and the tenant as a whole: what is debited is credited, in each currency. */
const verifyLedgerPart: Look = async (tx) => {
  const nets = new Map<string, bigint>();
  for (const { currency, net } of await trialBalance(tx)) nets.set(currency, (nets.get(currency) ?? 0n) + net);
  const unbalanced = [...nets].filter(([, net]) => net !== 0n);
  return {
    findings: [
      ...(await verifyLedger(tx)),
      ...unbalanced.map(([currency, net]) => ({
        rule: 'ops.trial_balance_is_zero',
        subject: `currency ${currency}`,
        detail: `debits less credits of all accounts are ${net} units`,
      })),
    ],
    counts: { transfers: Number(await countTransfers(tx)), currencies: nets.size },
  };
};

const verifyStatementsPart: Look = async (tx) => {
  const { findings, statements } = await verifyStatements(tx);
  return { findings, counts: { statements } };
};

const verifyPayoutsPart: Look = async (tx) => {
  const { findings, payments, closings } = await verifyPayouts(tx);
  return { findings, counts: { payments, closings } };
};

const recomputePart: Look = async (tx) => {
  const bookings = await recompute(tx);
  const awards = await recomputeAllAwards(tx);
  return {
    findings: [...bookings.findings, ...awards.findings],
    counts: { recomputed: bookings.recomputed + awards.recomputed },
  };
};
