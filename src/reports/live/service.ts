import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { TenantId } from '../../kernel/ids.ts';
import { Problem } from '../../kernel/problem.ts';
import type { Access, Caller, Guard, Reach } from '../../platform/access.ts';
import type { RouteRequest } from '../../platform/route.ts';
import { Connection, type EndReason } from './connection.ts';
import { streamEvents } from './contract.ts';
import { liveProblem } from './errors.ts';
import { Hub, type HubDeps } from './hub.ts';
import { watchedResources } from './rules.ts';
import type { Lens } from './types.ts';

/** Bounds of the live stream in one process; times in milliseconds. */
export type LiveSettings = {
  readonly pollMs: number;
  readonly heartbeatMs: number;
  /** How often session and rights are looked at again; what ends them ends the stream within 5 s. */
  readonly recheckMs: number;
  readonly perCallerMax: number;
  readonly perTenantMax: number;
  readonly streamsMax: number;
  readonly bufferBytesMax: number;
  readonly resumeMax: number;
};

const liveDefaults: LiveSettings = {
  pollMs: 1_000,
  heartbeatMs: 15_000,
  recheckMs: 2_000,
  perCallerMax: 5,
  perTenantMax: 200,
  streamsMax: 1_000,
  bufferBytesMax: 262_144,
  resumeMax: 10_000,
};

export type LiveDeps = Pick<HubDeps, 'withTenant' | 'isOpen' | 'log'> & {
  readonly guard: Guard;
  readonly settings?: Partial<LiveSettings>;
};

type StreamRequest = RouteRequest<typeof streamEvents>;

/** The open streams of a process. */
export type LiveStreams = {
  /** Answers a request with a stream; resolves when it has ended. */
  readonly open: (request: StreamRequest, response: ServerResponse) => Promise<void>;
  /** Ends all streams, and refuses further ones: for the end of the process. */
  readonly stop: () => void;
};

/** Makes the live stream. `events.streams_too_many` (429) beyond the bounds, `events.stopping` (503) at the end. */
export function makeLiveStreams(deps: LiveDeps): LiveStreams {
  const settings = { ...liveDefaults, ...deps.settings };
  const hubs = new Map<TenantId, Hub>();
  const counts = new Counts();
  let isStopping = false;
  const hubOf = (tenantId: TenantId): Hub => {
    const found = hubs.get(tenantId);
    if (found !== undefined) return found;
    const made: Hub = new Hub(tenantId, { ...deps, ...settings }, () => {
      if (hubs.get(tenantId) === made) hubs.delete(tenantId);
    });
    hubs.set(tenantId, made);
    return made;
  };
  return {
    open: async (request, response) => {
      if (isStopping) throw liveProblem('events.stopping', { retryAfterSeconds: 1 });
      const { tenantId } = request;
      const leave = counts.enter(placesOf(tenantId, request.access.caller, settings));
      try {
        const connection = new Connection(
          response,
          await lensOf(deps.guard, request.access, request),
          settings.bufferBytesMax,
        );
        await hubOf(tenantId).join(connection, placeAsked(request));
        if (isStopping) connection.end('stopping');
        const beating = setInterval(() => connection.heartbeat(), settings.heartbeatMs);
        await watch(deps.guard, request, connection, settings.recheckMs).finally(() => clearInterval(beating));
      } finally {
        leave();
      }
    },
    stop: () => {
      isStopping = true;
      for (const hub of hubs.values()) hub.endAll('stopping');
    },
  };
}

/**
 * The places that a stream takes. Half of a tenant's are kept for its staff: anybody may sign up as a client, and many
 * clients could else keep everybody out.
 */
function placesOf(tenantId: TenantId, { id, surface }: Caller, settings: LiveSettings): [string, number][] {
  const isOutside = surface === 'portal' || surface === 'partner';
  return [
    ['all', settings.streamsMax],
    [tenantId, settings.perTenantMax],
    ...(isOutside ? [[`${tenantId}/outside`, Math.floor(settings.perTenantMax / 2)] satisfies [string, number]] : []),
    [`${tenantId}/${id}`, settings.perCallerMax],
  ];
}

/** Counts streams by the places that they take; all of them or none. */
class Counts {
  readonly #taken = new Map<string, number>();

  enter(places: readonly (readonly [place: string, max: number])[]): () => void {
    for (const [place, max] of places)
      if ((this.#taken.get(place) ?? 0) >= max) throw liveProblem('events.streams_too_many', { retryAfterSeconds: 5 });
    for (const [place] of places) this.#taken.set(place, (this.#taken.get(place) ?? 0) + 1);
    return () => {
      for (const [place] of places) {
        const left = (this.#taken.get(place) ?? 1) - 1;
        if (left > 0) this.#taken.set(place, left);
        else this.#taken.delete(place);
      }
    };
  }
}

function placeAsked({ headers, query }: StreamRequest): bigint | undefined {
  const given = headers['last-event-id'] ?? query.after;
  return given !== undefined && /^\d{1,18}$/.test(given) ? BigInt(given) : undefined;
}

/** What the caller may list or read, kind by kind, by the one table of rights. */
async function lensOf(guard: Guard, { caller }: Access, { tenantId, requestId }: StreamRequest): Promise<Lens> {
  const lens = new Map<string, Reach>();
  for (const resource of watchedResources)
    for (const action of ['list', 'read']) {
      if (lens.has(resource)) continue;
      try {
        const asked = { ...streamEvents, need: { action, resource } };
        lens.set(resource, (await guard.authorize(caller, asked, { tenantId, requestId })).reach);
      } catch (error) {
        if (!(error instanceof Problem && error.status === 403)) throw error;
      }
    }
  return lens;
}

/** Looks at session and rights again and again until the stream ends, or one of them does. What cannot be asked twice in a row ends it too. */
async function watch(guard: Guard, request: StreamRequest, connection: Connection, recheckMs: number): Promise<void> {
  const { tenantId, requestId, remoteAddress, headers } = request;
  let failures = 0;
  while (!connection.closed.aborted) {
    await pause(recheckMs, connection.closed);
    if (connection.closed.aborted) return;
    try {
      const caller = await guard.authenticate(headers['authorization'], { tenantId, remoteAddress });
      const access = await guard.authorize(caller, streamEvents, { tenantId, requestId });
      connection.lens = await lensOf(guard, access, request);
      failures = 0;
    } catch (error) {
      failures += 1;
      const reason = reasonOf(error);
      if (reason === 'unavailable')
        request.log.warn({ err: error, failures }, 'a live stream could not be authorised again');
      if (reason !== 'unavailable' || failures > 1) connection.end(reason);
    }
  }
}

function reasonOf(error: unknown): EndReason {
  if (!(error instanceof Problem)) return 'unavailable';
  if (error.code === 'tenancy.suspended') return 'suspended';
  if (error.status === 401) return 'sign_in';
  return error.status === 403 ? 'rights' : 'unavailable';
}

/** Resolves after a while, or as soon as the signal says so. */
const pause = (delayMs: number, signal: AbortSignal): Promise<void> =>
  wait(delayMs, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
