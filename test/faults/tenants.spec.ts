import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomOf } from '../../simulators/mt-server/index.ts';
import { createTenantClient, type TenantClient } from '../../src/platform/tenant-client.ts';
import { EventStream, openEventStream } from '../support/event-stream.ts';
import { makePerson } from '../support/people.ts';
import { foreignWords, newCanary, Sightings } from './support/canaries.ts';
import { BUSY, readAtOnce, type Tally, visitor } from './support/crowd.ts';
import { absentOf, bodiesWith, pathsWith, queriesWith, withoutIds } from './support/strangers.ts';
import { askAt, type Habitat, openHabitat, roles } from './support/habitat.ts';
import { type Installation, openInstallation, OPERATOR_TOKEN } from './support/installation.ts';
import { rounds, runsAll } from './support/rounds.ts';
import { until } from './support/wait.ts';

/** As much as two cores carry; the case asks for 50 tenants, 200 requests at once each and ten minutes. */
const [TENANTS, AT_ONCE, SECONDS] = runsAll ? [50, 2, 60] : [4, 4, 2];
const SCALE = `${TENANTS} tenants, ${AT_ONCE} requests at once each for ${SECONDS} s on ${cpus().length} cores`;
const OPENED_AT_ONCE = 2;
/** An export takes a second or two, so a short run makes a few. */
const EXPORTS = runsAll ? TENANTS : 2;

describe('Tenants side by side', () => {
  let stage: Installation;
  let client: TenantClient;
  const habitats: Habitat[] = [];
  const seen = new Sightings();
  const tally: Tally = { requests: 0, aborted: 0, cut: 0, statuses: new Map() };

  beforeAll(async () => {
    stage = await openInstallation();
    client = createTenantClient();
    for (let place = 0; place < TENANTS; place += OPENED_AT_ONCE) {
      const places = Array.from({ length: Math.min(OPENED_AT_ONCE, TENANTS - place) }, (_none, more) => place + more);
      habitats.push(...(await Promise.all(places.map((each) => openHabitat(stage, client, each)))));
    }
  }, 600_000);
  afterAll(async () => {
    await client.close();
    await stage.close();
  });

  it('are told apart by words that a test can miss: a planted one is found', () => {
    const [mine, theirs] = [newCanary(), newCanary()];
    expect(foreignWords(`{"name":"${mine} Ltd"}`, mine)).toEqual([]);
    expect(foreignWords(`{"email":"kim.${theirs.toLowerCase()}@example.com"}`, mine)).toEqual([theirs.toLowerCase()]);
    const planted = new Sightings();
    planted.lookForIds('answers', mine, '{"id":"cli_01J9Z3K4M5N6P7Q8R9S0T1V2W3"}');
    planted.lookForIds('answers', theirs, '{"id":"cli_01J9Z3K4M5N6P7Q8R9S0T1V2W3"}');
    expect(planted.breaches).toHaveLength(1);
  });

  rounds(
    'A19',
    `no word and no id of another tenant in answers, streams, mails, jobs, exports, metrics or the log (${SCALE})`,
    { few: 1, all: 1, roundMsMax: 900_000 },
    async ({ random }) => {
      const streams = await Promise.all(habitats.map((habitat) => openStream(stage.port, habitat)));
      await readAtOnce(habitats, seen, tally);
      const untilMs = performance.now() + SECONDS * 1000;
      const visits = habitats.flatMap((habitat) =>
        Array.from({ length: AT_ONCE }, () => {
          const own = randomOf(random.whole(0, 2 ** 31));
          return visitor(habitat, { random: own, untilMs, seen, tally, port: stage.port });
        }),
      );
      const watching = new AbortController();
      const watched = watchQueues(watching.signal);
      const recoveryMs = await Promise.all([...visits, ...habitats.map(signUp)])
        .then(allAreBooked)
        .finally(() => watching.abort());
      await watched;
      for (const [place, stream] of streams.entries()) {
        seen.lookForIds('streams', habitats[place]?.canary ?? '', JSON.stringify(stream.events));
        stream.close();
      }
      lookAtMails();
      await lookAtExports();
      const metrics = await askAt(client, stage.port, null)({ path: '/metrics', token: OPERATOR_TOKEN });
      expect(metrics.status).toBe(200);
      seen.look('metrics', null, metrics.text());
      for (const line of stage.lines) seen.look('log lines', null, line);
      report();
      expect(seen.breaches.slice(0, 5)).toEqual([]);
      for (const where of ['answers', 'mails', 'exports'])
        expect([where, seen.counts.get(where)?.own]).not.toEqual([where, 0]);
      expect([...tally.statuses].filter(([status]) => status >= 500 && status !== BUSY)).toEqual([]);
      expect(tally.statuses.get(BUSY) ?? 0).toBeLessThan(tally.requests / 2);
      expect(tally.cut).toBeLessThan(1 + tally.requests / 100); // An export whose database has no connection left is cut, not ended.
      return { recoveryMs };
    },
  );

  const allAreBooked = (): Promise<number> =>
    until(
      'all deals are booked',
      120_000,
      async () => {
        const due = await Promise.all(habitats.map(({ broker }) => broker.due()));
        return due.every((count) => count === 0);
      },
      500,
    );

  async function openStream(port: number, { slug, people }: Habitat): Promise<EventStream> {
    const stream = await openEventStream({ port, token: people.owner.token, host: `${slug}.localhost` });
    if (!(stream instanceof EventStream)) throw new Error(`no stream: ${stream.text}`);
    return stream;
  }

  async function signUp({ ask, canary }: Habitat): Promise<void> {
    const email = `kim.${canary}@example.com`;
    const person = { email, password: 'a wandering kettle', firstName: canary, lastName: 'Kim', country: 'DE' };
    for (const [path, body] of [
      ['register', person],
      ['password/forgot', { email: `owner.${canary}@example.com` }],
    ] as const) {
      await until(`${path} is answered`, 120_000, async () => {
        const answer = await ask({ method: 'POST', path: `/api/v1/auth/${path}`, body });
        seen.look('answers', canary, answer.text());
        if (answer.status !== BUSY) expect(answer.status, answer.text()).toBe(202);
        return answer.status !== BUSY;
      });
    }
  }

  /** What waits in the queues, is at work and has been done, looked at again and again. */
  async function watchQueues(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const row of await stage.queued()) seen.look('rows of the queues', null, row);
      await sleep(100);
    }
  }

  function lookAtMails(): void {
    for (const mail of stage.catcher.mails()) {
      const to = /canary[0-9a-f]{8}/i.exec(mail.to.join())?.[0];
      const owner = habitats.find(({ canary }) => canary.toLowerCase() === to?.toLowerCase());
      seen.look('mails', owner?.canary ?? null, JSON.stringify(mail));
    }
  }

  async function lookAtExports(): Promise<void> {
    const operator = await makePerson({ deps: stage, tenantOf: () => ({ id: '' as never }) }, { tenant: null });
    const ask = askAt(client, stage.port, null);
    for (const { broker, canary } of habitats.slice(0, EXPORTS)) {
      const asked = { path: `/api/v1/tenants/${broker.tenant.id}/export`, token: operator.token };
      const begun = await ask({ ...asked, method: 'POST', body: { reason: 'They asked for it' } });
      const { id } = begun.json() as { id: string };
      const path = `/api/v1/operations/${id}`;
      let files: readonly { name: string }[] = [];
      await until('the export is done', 60_000, async () => {
        const now = (await ask({ path, token: operator.token })).json() as Progress;
        if (now.state === 'failed') throw new Error(JSON.stringify(now));
        files = now.result?.files ?? [];
        return now.state === 'done';
      });
      for (const { name } of files) {
        const file = await ask({ path: `${path}/files/${name}`, token: operator.token });
        expect([name, file.status]).toEqual([name, 200]);
        seen.look('exports', canary, file.text());
      }
    }
  }

  function report(): void {
    const statuses = [...tally.statuses].toSorted(([one], [other]) => one - other).map((each) => each.join(': '));
    const places = [...seen.counts].map(([where, { texts, own }]) => `${where} ${texts} (${own} with the own word)`);
    console.info(
      `A19: ${SCALE}: ${tally.requests} requests, ${tally.aborted} broken off, ${tally.cut} cut; ${statuses.join(', ')}`,
    );
    console.info(`A19: looked through ${places.join(', ')}`);
  }

  const pair = (one: number, step: number): readonly [Habitat, Habitat] => {
    const [a, b] = [habitats[one % TENANTS], habitats[(one + step) % TENANTS]];
    if (a === undefined || b === undefined) throw new Error('there are no two tenants');
    return [a, b];
  };

  rounds(
    'A20 tokens',
    "a token, a key, a cookie or a signature of one tenant is a bad one on another's host and on the installation's own",
    { few: 1, all: 50, roundMsMax: 60_000 },
    async ({ number, random }) => {
      const startedMs = performance.now();
      const [a, b] = pair(number, random.whole(1, TENANTS - 1));
      const bare = askAt(client, stage.port, null);
      const bad = withoutIds((await b.ask({ path: '/api/v1/auth/me', token: 'no.token.at-all' })).text());
      for (const token of [...roles.map((role) => a.people[role].token), a.apiKey]) {
        for (const [ask, path] of [
          [b.ask, '/api/v1/auth/me'],
          [b.ask, '/api/v1/clients'],
          [bare, '/api/v1/auth/me'],
          [bare, '/api/v1/tenants'],
        ] as const) {
          const answer = await ask({ path, token });
          expect([path, answer.status, withoutIds(answer.text())]).toEqual([path, 401, bad]);
        }
      }
      const cookie = `cascade_refresh=${a.people.client.refreshToken}`;
      const renewed = await b.ask({ method: 'POST', path: '/api/v1/auth/refresh', headers: { cookie } });
      expect([renewed.status, renewed.headers['set-cookie']]).toEqual([401, undefined]);
      const stream = await openEventStream({
        port: stage.port,
        token: a.people.owner.token,
        host: `${b.slug}.localhost`,
      });
      expect(stream instanceof EventStream ? 200 : stream.status).toBe(401);
      return { recoveryMs: performance.now() - startedMs };
    },
  );

  rounds(
    'A20 ids',
    'ids of another tenant in path, query and body are answered as those of nothing at all, and change nothing',
    { few: 1, all: 10, roundMsMax: 120_000 },
    async ({ number, random }) => {
      const startedMs = performance.now();
      const [a, b] = pair(number, random.whole(1, TENANTS - 1));
      for (const role of runsAll ? roles : (['admin', random.pick(roles)] as const)) {
        const { token } = a.people[role];
        const makers = [...pathsWith(a), ...queriesWith(), ...bodiesWith(a)];
        for (const { kind, ask } of makers) {
          const [theirs] = b.ids[kind];
          if (theirs === undefined) continue;
          const foreign = await a.ask({ ...ask(theirs), token });
          const absent = await a.ask({ ...ask(absentOf(theirs)), token });
          const told = [role, ask(theirs).path, foreign.status, withoutIds(foreign.text())];
          expect(told).toEqual([role, ask(theirs).path, absent.status, withoutIds(absent.text())]);
          seen.look('answers to ids of others', a.canary, foreign.text());
        }
      }
      expect(seen.breaches).toEqual([]);
      return { recoveryMs: performance.now() - startedMs };
    },
  );
});

type Progress = { readonly state: string; readonly result: { readonly files: readonly { name: string }[] } | null };
