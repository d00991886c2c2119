import { randomUUID } from 'node:crypto';
import type { Random } from '../../../simulators/mt-server/index.ts';
import { isProblem } from '../../../src/kernel/problem.ts';
import type { TenantResponse } from '../../../src/platform/tenant-client.ts';
import type { Sightings } from './canaries.ts';
import { type Ask, deals, type Habitat, lists, type Role } from './habitat.ts';

const READS: readonly string[] = [
  ...Object.values(lists),
  '/api/v1/trades',
  '/api/v1/rebates',
  '/api/v1/roles',
  '/api/v1/users/invitations',
  '/api/v1/account-requests',
  '/api/v1/trading/parked',
  '/api/v1/ledger/trial-balance',
  '/api/v1/audit?limit=200',
  '/api/v1/audit/export?format=csv',
  '/api/v1/audit/export?format=ndjson',
  '/api/v1/platform-grants',
  '/api/v1/auth/me',
  '/api/v1/auth/sessions',
  '/api/v1/auth/sign-ins',
];
const READERS: readonly Role[] = ['owner', 'admin', 'finance', 'support', 'auditor', 'client', 'ib'];
const ABORT_MS_MAX = 30;
/** More is asked at once than there are connections: whoever waits too long is told to come back. */
export const BUSY = 503;

/** What one of a tenant's people does next. */
function nextAsk({ canary, people, ids, apiKey }: Habitat, random: Random): Ask {
  const word = `${canary} ${randomUUID().slice(0, 8)}`;
  const admin = people.admin.token;
  const reads = (path: string): Ask => ({ path, token: people[random.pick(READERS)].token });
  const writes = (path: string, body: unknown, method: 'POST' | 'PATCH' = 'POST'): Ask => ({
    method,
    path,
    body,
    token: admin,
  });
  const searches = ['clients', 'ibs', 'plans', 'users'].map((list) => `/api/v1/${list}?q=${canary}&sort=-name`);
  return random.pick<() => Ask>([
    () => reads(random.pick(READS)),
    () => reads(random.pick(READS)),
    () => reads(random.pick(searches)),
    () => reads(`/api/v1/clients/${random.pick(ids.clients)}`),
    () => reads(`/api/v1/clients/${random.pick(ids.clients)}/timeline`),
    () => reads(`/api/v1/ibs/${random.pick(ids.ibs)}/descendants`),
    () => reads(`/api/v1/plans/${random.pick(ids.plans)}/versions/1`),
    () => reads(`/api/v1/ledger/accounts/${random.pick(ids.ledger)}/entries`),
    () => ({ path: random.pick([lists.clients, lists.ibs, '/api/v1/trades']), token: apiKey }),
    () => ({ path: random.pick([lists.clients, lists.ibs]), token: people.reader.token }),
    () => writes(lists.clients, { name: word, email: `${word.replace(' ', '.')}@example.com` }),
    () => writes(`/api/v1/clients/${random.pick(ids.clients)}`, { name: word }, 'PATCH'),
    () => writes(`/api/v1/clients/${random.pick(ids.clients)}/reveal`, { fields: ['email'], reason: word }),
    () => writes(lists.ibs, { name: word, parentId: random.pick(ids.ibs) }),
    () => writes(lists.plans, { name: word }),
    () => writes(`/api/v1/desks/${random.pick(ids.desks)}`, { name: word }, 'PATCH'),
    () =>
      writes('/api/v1/users/invitations', {
        email: `${word.replace(' ', '.')}@example.com`,
        name: word,
        roles: ['support'],
      }),
  ])();
}

export type Tally = { requests: number; aborted: number; cut: number; readonly statuses: Map<number, number> };

const note = (tally: Tally, status: number): void =>
  void tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);

/** One of a tenant's people, or its bridge, asking one thing after another until the time is over; a tenth is broken off. */
export async function visitor(habitat: Habitat, { random, untilMs, seen, tally, port }: VisitorNeeds): Promise<void> {
  while (performance.now() < untilMs) {
    tally.requests += 1;
    if (random.chance(0.05)) {
      seenAnswer(
        seen,
        'feed',
        habitat,
        await habitat.broker.sendOnce(port, deals(habitat.broker, 5), randomUUID()),
        tally,
      );
      continue;
    }
    const asked = nextAsk(habitat, random);
    const isAborted = random.chance(0.1);
    const signal = isAborted ? AbortSignal.timeout(random.whole(0, ABORT_MS_MAX)) : undefined;
    try {
      const answer = await habitat.ask({ ...asked, ...(signal === undefined ? {} : { signal }) });
      seenAnswer(seen, 'answers', habitat, answer, tally);
      if (asked.token === habitat.people.reader.token) checkReader(seen, habitat, asked, answer);
    } catch (error) {
      if (signal?.aborted === true) tally.aborted += 1;
      else if (isProblem(error, 'platform.request_unreachable')) tally.cut += 1;
      else throw error;
    }
  }
}

type VisitorNeeds = {
  readonly random: Random;
  readonly untilMs: number;
  readonly seen: Sightings;
  readonly tally: Tally;
  readonly port: number;
};

/** Everybody's reader asks at the same moment for both of what the one role means somewhere. */
export async function readAtOnce(habitats: readonly Habitat[], seen: Sightings, tally: Tally): Promise<void> {
  for (const path of [lists.clients, lists.ibs])
    await Promise.all(
      habitats.map(async (habitat) => {
        const answer = await habitat.ask({ path, token: habitat.people.reader.token });
        seenAnswer(seen, 'answers', habitat, answer, tally);
        checkReader(seen, habitat, { path }, answer);
      }),
    );
}

function seenAnswer(seen: Sightings, where: string, { canary }: Habitat, answer: TenantResponse, tally: Tally): void {
  note(tally, answer.status);
  const text = `${JSON.stringify(answer.headers)}\n${answer.text()}`;
  if (answer.status < 400) seen.lookForIds(where, canary, text);
  else seen.look(`refused ${where}`, canary, text);
}

/** A role of the same name means something else at each tenant: what a process keeps of the one must not serve the other. */
function checkReader(seen: Sightings, habitat: Habitat, { path }: Ask, { status }: TenantResponse): void {
  if (status === BUSY) return;
  const mayRead = (path === lists.clients) === habitat.readersReadClients;
  if (status !== (mayRead ? 200 : 403)) seen.breaches.push(`the reader of ${habitat.slug} got ${status} of ${path}`);
}
