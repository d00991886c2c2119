import type { DeskId, SessionId, TenantId } from '../../kernel/ids.ts';
import type { Caller } from '../../platform/access.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import { surfaceOfRole } from '../policy/types.ts';
import type { CallerByGrant, DesksOf, KycStateOf } from '../port.ts';
import { asking, type RealmOf, isTenantTx } from '../realm.ts';
import type { AccessClaims, SignInSurface } from '../tokens/types.ts';
import { liveSession } from './queries.ts';

/** What is asked at a call, beyond the session itself. */
export type CallerDeps = {
  readonly realmOf: RealmOf;
  readonly desksOf: DesksOf;
  readonly kycStateOf: KycStateOf;
  readonly callerByGrant: CallerByGrant;
  /** How long an answer is used; a change of rights must bite within 5 s. */
  readonly keptMs: number;
};

const CALLERS_KEPT_MAX = 20_000;

/** The roles of somebody that count on a surface. */
const rolesOn = (surface: SignInSurface, roles: readonly string[]): string[] =>
  roles.filter((role) => surfaceOfRole(role) === surface);

/** Who is behind a session on a surface, with the rights of this moment; undefined where it has ended or he is not active. */
export async function callerOfSession(
  tx: RealmTx,
  { desksOf, kycStateOf }: Pick<CallerDeps, 'desksOf' | 'kycStateOf'>,
  { sessionId, surface }: { readonly sessionId: SessionId; readonly surface: SignInSurface },
): Promise<Caller | undefined> {
  const [live] = await liveSession(tx, { id: sessionId });
  if (live === undefined) return undefined;
  // Whoever trades and works here too has each of both on its own surface.
  const clientId = surface === 'portal' ? live.clientId : null;
  const ibId = surface === 'partner' ? live.ibId : null;
  const desks = (): Promise<readonly DeskId[]> =>
    surface === 'admin' && isTenantTx(tx) ? desksOf(tx, live.userId) : Promise.resolve([]);
  return {
    kind: surface === 'ops' ? 'operator' : 'user',
    id: live.userId,
    surface,
    roles: rolesOn(surface, live.roles),
    sessionId,
    clientId,
    ibId,
    deskIds: await desks(),
    kycState: clientId !== null && isTenantTx(tx) ? await kycStateOf(tx, clientId) : null,
    provenAt: live.provenAt,
    impersonator: null,
    scopes: null,
  };
}

/**
 * The callers behind good tokens, each asked for in the database once per `keptMs` and process, however many requests
 * come meanwhile; a bounded number of them.
 */
export class Callers {
  readonly #deps: CallerDeps;
  readonly #kept = new Map<string, { readonly untilMs: number; readonly caller: Promise<Caller | undefined> }>();

  constructor(deps: CallerDeps) {
    this.#deps = deps;
  }

  /** Who calls by a good token; undefined where what it stands on has ended. */
  async of(claims: AccessClaims): Promise<Caller | undefined> {
    const key = keyOf(claims);
    const nowMs = performance.now();
    const found = this.#kept.get(key);
    if (found !== undefined && found.untilMs > nowMs) return found.caller;
    const caller = this.#load(claims);
    this.#kept.delete(key);
    this.#kept.set(key, { untilMs: nowMs + this.#deps.keptMs, caller });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > CALLERS_KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
    try {
      return await caller;
    } catch (error) {
      if (this.#kept.get(key)?.caller === caller) this.#kept.delete(key); // What failed is asked again, by the next caller.
      throw error;
    }
  }

  /** Forgets what is known of sessions, because they were changed here; other processes learn of it when theirs is too old. */
  forget(tenantId: TenantId | null, sessionIds: readonly SessionId[]): void {
    const starts = new Set(sessionIds.map((sessionId) => startOf({ tenantId, sessionId })));
    for (const key of this.#kept.keys()) if (starts.has(key.slice(0, key.lastIndexOf('|')))) this.#kept.delete(key);
  }

  #load(claims: AccessClaims): Promise<Caller | undefined> {
    const { delegation } = claims;
    if (delegation !== null) return this.#deps.callerByGrant({ ...claims, delegation });
    return this.#deps.realmOf(claims).run(asking, async (tx) => {
      const caller = await callerOfSession(tx, this.#deps, claims);
      return caller?.id === claims.userId ? caller : undefined;
    });
  }
}

type Place = { readonly tenantId: TenantId | null; readonly sessionId: SessionId };

const startOf = ({ tenantId, sessionId }: Place): string => `${tenantId ?? ''}/${sessionId}`;

const keyOf = ({ surface, delegation, userId, ...place }: AccessClaims): string =>
  `${startOf(place)}|${surface}/${userId}/${delegation?.grant ?? ''}`;
