import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { accountsAmong, nameOf } from '../../src/clients/index.ts';
import type { HttpServer } from '../../src/http/index.ts';
import { ClientId, idFromUuid, newUuid } from '../../src/kernel/ids.ts';
import { type Caller, reachesEverything } from '../../src/platform/access.ts';
import { chainHead, emit } from '../../src/platform/events/index.ts';
import type { WithTenant } from '../../src/platform/tenant-tx.ts';
import { createIb } from '../../src/ib/index.ts';
import { liveRoutes, type LiveSettings, type LiveStreams, makeLiveStreams } from '../../src/reports/index.ts';
import { suspendTenant } from '../../src/tenancy/index.ts';
import { callerOf } from '../identity/callers.ts';
import { type Brokerage, openBrokerage } from '../support/brokerage.ts';
import { type EventStream, openEventStream } from '../support/event-stream.ts';
import { serveGuarded } from '../support/guarded.ts';
import { openTestTenant, testLog, type TestTenant } from '../support/tenancy.ts';

type Note = { seq: string; type: string; subjectIds: string[]; recordedAt: string };

const quick: Partial<LiveSettings> = { pollMs: 30, recheckMs: 150 };

describe('The live stream', () => {
  let acme: TestTenant;
  let brokerage: Brokerage;
  let clientIds: ClientId[];
  let live: LiveStreams;
  let server: HttpServer;
  let looks = 0;
  const callers = new Map<string, Caller>();
  const open: EventStream[] = [];
  const withTenant: WithTenant = (...asked) => {
    looks += 1;
    return acme.tenancy.withTenant(...asked);
  };

  const serve = async (settings: Partial<LiveSettings> = quick): Promise<void> => {
    server = await serveGuarded(acme.tenancy, callers, (guard) => {
      live = makeLiveStreams({
        withTenant,
        isOpen: async () => (await acme.tenancy.tenantOfSlug('acme')).status === 'active',
        guard,
        log: testLog,
        settings,
      });
      return liveRoutes(live);
    });
  };
  const serveAgain = async (settings?: Partial<LiveSettings>): Promise<void> => {
    live.stop();
    await server.stop();
    await serve(settings);
  };
  const listen = async (token = 'staff', after?: string): Promise<EventStream> => {
    const stream = await openEventStream({ port: server.port, token, ...(after === undefined ? {} : { after }) });
    if ('status' in stream) throw new Error(`${stream.status} ${stream.text}`);
    open.push(stream);
    if (after === undefined) await stream.next(({ event }) => event === 'ready');
    return stream;
  };
  const notes = ({ events }: EventStream): Note[] =>
    events.filter(({ event }) => event === 'message').map(({ data }) => data as Note);
  const happens = (type: string, payload = {}, stream = 'test/1') =>
    acme.inTenant(async (tx) => emit(tx, { stream, type, schemaVersion: 1, payload }));
  const head = async (): Promise<string> => (await acme.inTenant(chainHead)).seq.toString();
  const told = (stream: EventStream, type: string) =>
    stream.until(() => notes(stream).some((note) => note.type === type));
  const reasonOf = async (stream: EventStream) => (await stream.next(({ event }) => event === 'end')).data;

  beforeAll(async () => {
    acme = await openTestTenant();
    brokerage = await openBrokerage(acme, { chain: 'Maria 8.00 > Omar 7.00 > Lena 5.50' });
    const zoe = await acme.inTenant((tx) => createIb(tx, { name: 'Zoe', parent: null, reason: 'new' } as never));
    const logins = brokerage.logins.map((login) => ({ server: 'Test-Live', login }));
    const accounts = await acme.inTenant((tx) => accountsAmong(tx, reachesEverything, logins));
    clientIds = logins.map((login) => ClientId.parse(accounts.get(nameOf(login))?.clientId));
    const ib = (name: string) =>
      ({ surface: 'partner', roles: ['ib'], provenAt: null, ibId: brokerage.ibs.get(name)?.id ?? null }) as const;
    const client = (place: number) =>
      ({ surface: 'portal', roles: ['client'], provenAt: null, clientId: clientIds[place] ?? null }) as const;
    callers.set('staff', callerOf());
    callers.set('auditor', callerOf({ roles: ['auditor'] }));
    callers.set('Maria', callerOf(ib('Maria')));
    callers.set('Lena', callerOf(ib('Lena')));
    callers.set('Zoe', callerOf({ ...ib('Maria'), ibId: zoe.id }));
    callers.set('first', callerOf(client(0)));
    callers.set('second', callerOf(client(1)));
    callers.set('program', callerOf({ kind: 'api_key', surface: 'api', roles: ['api_key'], scopes: ['clients:list'] }));
    await serve();
  });
  afterEach(() => {
    for (const stream of open.splice(0)) stream.close();
  });
  afterAll(async () => {
    live.stop();
    await server.stop();
    await acme.close();
  });

  it('tells staff what happens, with ids and nothing else', async () => {
    const stream = await listen();
    const [clientId] = clientIds;
    await happens('clients.created', { ids: [clientId], name: 'Kim', before: { email: 'kim@example.com' } });
    await told(stream, 'clients.created');
    expect(notes(stream)).toEqual([
      {
        seq: await head(),
        type: 'clients.created',
        subjectIds: [clientId],
        recordedAt: expect.stringMatching(/Z$/) as string,
      },
    ]);
    expect(stream.lastEventId).toBe(await head());
  });

  it('tells partners of their subtree, clients of their own, and others nothing', async () => {
    const names = ['staff', 'Maria', 'Lena', 'Zoe', 'first', 'second'] as const;
    const streams = new Map<string, EventStream>();
    for (const name of names) streams.set(name, await listen(name));
    const of = (name: (typeof names)[number]): EventStream => streams.get(name) ?? (open[0] as EventStream);
    await brokerage.feed(brokerage.deal({ lots: '1' }));
    await brokerage.book();
    await happens('clients.created', { ids: clientIds });
    await happens('ledger.adjusted', { amount: '1' });
    for (const name of ['staff', 'Maria', 'Lena', 'first', 'second'] as const)
      await told(of(name), 'clients.created').catch(() => undefined);
    await told(of('staff'), 'ledger.adjusted');
    const seen = (name: (typeof names)[number]) =>
      notes(of(name)).map(({ type, subjectIds }) => [type, subjectIds.toSorted()]);
    const ids = (...ofNames: string[]) => ofNames.map((name) => brokerage.ibs.get(name)?.id ?? '');
    const [first = '', second = ''] = clientIds;
    expect(seen('Maria')).toEqual([
      ['commissions.batch_booked', [first, ...ids('Maria')].toSorted()],
      ['clients.created', [first, second].toSorted()],
    ]);
    expect(seen('Lena')).toEqual([
      ['commissions.batch_booked', [first, ...ids('Lena')].toSorted()],
      ['clients.created', [first, second].toSorted()],
    ]);
    expect(seen('first')).toEqual([
      ['commissions.batch_booked', [first]],
      ['clients.created', [first]],
    ]);
    expect(seen('second')).toEqual([['clients.created', [second]]]);
    expect(seen('Zoe')).toEqual([]);
    expect(seen('staff').map(([type]) => type)).toEqual([
      'trading.deals_received',
      'commissions.batch_booked',
      'clients.created',
      'ledger.adjusted',
    ]);
  });

  it('tells each role only of the kinds of objects that it may list', async () => {
    callers.set('sales', callerOf({ roles: ['sales'] }));
    const sales = await listen('sales');
    const auditor = await listen('auditor');
    await happens('identity.signed_in', {}, 'user/1');
    await happens('audit.exported');
    await happens('commissions.plan_created', {});
    await told(sales, 'commissions.plan_created');
    await told(auditor, 'commissions.plan_created');
    expect(notes(sales).map(({ type }) => type)).toEqual(['commissions.plan_created']);
    expect(notes(auditor).map(({ type }) => type)).toEqual([
      'identity.signed_in',
      'audit.exported',
      'commissions.plan_created',
    ]);
    const program = await openEventStream({ port: server.port, token: 'program' });
    expect(program).toMatchObject({ status: 403 });
  });

  it('goes on behind the last number without gap or double, while four write and the stream breaks again and again', async () => {
    const EVENTS = 60;
    let stream = await listen();
    const from = BigInt(stream.lastEventId);
    const writers = Promise.all(
      [1, 2, 3, 4].map(async (writer) => {
        for (let count = 0; count < EVENTS; count += 1)
          await happens('clients.created', { writer, count }, `writer/${writer}`);
      }),
    );
    const seen: string[] = [];
    for (let breaks = 0; breaks < 6; breaks += 1) {
      const want = Math.min((breaks + 1) * 35, 4 * EVENTS);
      await stream.until(() => seen.length + notes(stream).length >= want);
      stream.close();
      await stream.closed;
      seen.push(...notes(stream).map(({ seq }) => seq));
      stream = await listen('staff', stream.lastEventId);
    }
    await writers;
    await stream.until(() => seen.length + notes(stream).length >= 4 * EVENTS);
    seen.push(...notes(stream).map(({ seq }) => seq));
    expect(seen).toEqual(Array.from({ length: 4 * EVENTS }, (_none, place) => (from + BigInt(place) + 1n).toString()));
  });

  it('begins anew where the last number lies too far back, or is none of this chain', async () => {
    const far = await listen('staff', '999999999');
    expect((await far.next(({ event }) => event === 'reset')).data).toEqual({ seq: await head() });
  });

  it('keeps a quiet reader’s place and the connection by a comment now and then', async () => {
    await serveAgain({ ...quick, heartbeatMs: 60 });
    const zoe = await listen('Zoe');
    await happens('clients.created', {});
    const now = await head();
    await zoe.until(() => zoe.comments > 0 && zoe.lastEventId === now);
    expect(notes(zoe)).toEqual([]);
    expect(zoe.lastEventId).toBe(now);
  });

  it('looks once for all who listen, and not at all where nobody does', async () => {
    await serveAgain({ pollMs: 100, recheckMs: 60_000 });
    const streams = await Promise.all(
      ['staff', 'auditor', 'staff', 'auditor', 'Maria', 'Lena'].map((name) => listen(name)),
    );
    looks = 0;
    await happens('clients.created', {});
    await Promise.all([0, 1, 2, 3].map((place) => told(streams[place] as EventStream, 'clients.created')));
    const begun = performance.now();
    await happens('clients.created', { ids: clientIds });
    await told(streams[5] as EventStream, 'clients.created');
    expect(looks).toBeLessThanOrEqual(4 + Math.ceil((performance.now() - begun) / 100));
    for (const stream of streams) stream.close();
    await Promise.all(streams.map(({ closed }) => closed));
    await expect
      .poll(
        () => {
          const before = looks;
          looks = 0;
          return before;
        },
        { interval: 250 },
      )
      .toBe(0);
  });

  it('has bounds for a caller and for a tenant, half of which is kept for staff', async () => {
    await serveAgain({ ...quick, perCallerMax: 2, perTenantMax: 5 });
    const [first] = [await listen('first'), await listen('second'), await listen('staff'), await listen('staff')];
    const third = await openEventStream({ port: server.port, token: 'staff' });
    expect(third).toMatchObject({ status: 429, text: expect.stringContaining('events.streams_too_many') as string });
    const more = (token: string) => openEventStream({ port: server.port, token });
    expect(await more('Maria')).toMatchObject({ status: 429 });
    await listen('auditor');
    expect(await more('auditor')).toMatchObject({ status: 429 });
    first?.close();
    await expect.poll(async () => 'closed' in (await more('Maria'))).toBe(true);
  });

  it('cuts off who reads too slowly, and lets nothing gather for him', async () => {
    await serveAgain({ ...quick, bufferBytesMax: 65_536 });
    const slow = await listen();
    const other = await listen('auditor');
    slow.pause();
    const ids = Array.from({ length: 50 }, () => idFromUuid('cli', newUuid(Date.now())));
    await acme.inTenant(async (tx) => {
      for (let count = 0; count < 5_000; count += 1)
        emit(tx, { stream: `many/${count % 9}`, type: 'clients.created', schemaVersion: 1, payload: { ids } });
    });
    await other.until(() => notes(other).length >= 5_000, 20_000);
    slow.resume();
    await slow.closed;
    expect(notes(slow).length).toBeLessThan(5_000);
    expect(slow.events.some(({ event }) => event === 'end')).toBe(false);
  });

  it('ends within 5 s when the session ends, and when the right goes, with its default settings', async () => {
    await serveAgain({});
    callers.set('leaver', callerOf());
    callers.set('changed', callerOf());
    const leaver = await listen('leaver');
    const changed = await listen('changed');
    const staff = await listen();
    const at = performance.now();
    callers.delete('leaver');
    callers.set('changed', callerOf({ roles: [] }));
    expect(await reasonOf(changed)).toEqual({ reason: 'rights' });
    expect(await reasonOf(leaver)).toEqual({ reason: 'sign_in' });
    await Promise.all([leaver.closed, changed.closed]);
    expect(performance.now() - at).toBeLessThan(5_000);
    expect(staff.events.some(({ event }) => event === 'end')).toBe(false);
  });

  it('ends in order when the process stops, and with its tenant when that is suspended', async () => {
    await serveAgain();
    const stream = await listen();
    live.stop();
    expect(await reasonOf(stream)).toEqual({ reason: 'stopping' });
    await stream.closed;
    expect(await openEventStream({ port: server.port, token: 'staff' })).toMatchObject({ status: 503 });
    await serveAgain();
    const last = await listen();
    await acme.tenancy.withControl((tx) => suspendTenant(tx, acme.tenant.id, 'unpaid'));
    const at = performance.now();
    expect(await reasonOf(last)).toEqual({ reason: 'suspended' });
    await last.closed;
    expect(performance.now() - at).toBeLessThan(5_000);
  });
});
