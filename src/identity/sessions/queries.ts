import { z } from 'zod';
import { ClientId, IbId, SessionId, UserId } from '../../kernel/ids.ts';
import { realmQuery } from '../../platform/query.ts';
import { signInSurfaces } from '../tokens/types.ts';

const bytes = z.instanceof(Buffer);
const surface = z.enum(signInSurfaces);

/** What makes a session alive, said once; `s` is the session. */
const ALIVE = `s.ended_at is null and s.expires_at > clock_timestamp()
           and s.last_used_at + make_interval(secs => s.idle_ms::double precision / 1000) > clock_timestamp()`;

/** Nothing where the person is not active. A suspension at the same moment waits for the session, and then ends it. */
export const insertSession = realmQuery(
  'identity.insert_session',
  z.object({ id: SessionId }),
  `
  with active as (select id from identity.users where id = :userId and status = 'active' for share)
  insert into identity.sessions (id, user_id, surface, expires_at, idle_ms, proven_at, address, user_agent)
  select :id::uuid, active.id, :surface::text,
         date_trunc('milliseconds', clock_timestamp()) + make_interval(secs => :lifeMs::double precision / 1000), :idleMs::bigint,
         case when :isProven::boolean then date_trunc('milliseconds', clock_timestamp()) end, :address::text, :userAgent::text
    from active
  returning id`,
);

export const insertRefreshToken = realmQuery(
  'identity.insert_refresh_token',
  z.object({}),
  `insert into identity.refresh_tokens (hash, session_id) values (:hash, :sessionId)`,
);

/**
 * A refresh token with its session, both held until the transaction ends: of two tabs at the same time the second sees what
 * the first has done.
 */
export const takeRefreshToken = realmQuery(
  'identity.take_refresh_token',
  z.object({
    sessionId: SessionId,
    userId: UserId,
    surface,
    isAlive: z.boolean(),
    isUsed: z.boolean(),
    isForgivable: z.boolean(),
    successorHash: bytes.nullable(),
    successorSalt: bytes.nullable(),
    lifeSeconds: z.int(),
  }),
  `
  select s.id as "sessionId", s.user_id as "userId", s.surface,
         ${ALIVE} and u.status = 'active' as "isAlive",
         t.used_at is not null as "isUsed",
         coalesce(t.forgiven_at is null
                  and t.used_at > clock_timestamp() - make_interval(secs => :forgivenMs::double precision / 1000), false)
           as "isForgivable",
         t.successor_hash as "successorHash", t.successor_salt as "successorSalt",
         greatest(0, floor(extract(epoch from s.expires_at - clock_timestamp())))::integer as "lifeSeconds"
    from identity.refresh_tokens t
    join identity.sessions s on s.id = t.session_id
    join identity.users u on u.id = s.user_id
   where t.hash = :hash
     for update of s, t`,
);

export const isUnused = realmQuery(
  'identity.refresh_token_unused',
  z.object({}),
  `select from identity.refresh_tokens where hash = :hash and used_at is null`,
);

export const rotateRefreshToken = realmQuery(
  'identity.rotate_refresh_token',
  z.object({}),
  `
  with used as (
    update identity.refresh_tokens
       set used_at = clock_timestamp(), successor_hash = :successorHash, successor_salt = :successorSalt
     where hash = :hash
  ), made as (
    insert into identity.refresh_tokens (hash, session_id) values (:successorHash, :sessionId)
  )
  update identity.sessions
     set last_used_at = date_trunc('milliseconds', clock_timestamp()), address = :address, user_agent = :userAgent
   where id = :sessionId`,
);

export const forgiveRefreshToken = realmQuery(
  'identity.forgive_refresh_token',
  z.object({}),
  `update identity.refresh_tokens set forgiven_at = clock_timestamp() where hash = :hash`,
);

/** The session that a refresh token belongs to, used or not, for signing out. */
export const sessionOfToken = realmQuery(
  'identity.session_of_refresh_token',
  z.object({ sessionId: SessionId, userId: UserId }),
  `
  select s.id as "sessionId", s.user_id as "userId"
    from identity.refresh_tokens t join identity.sessions s on s.id = t.session_id
   where t.hash = :hash and s.ended_at is null`,
);

/** Ends one session of a person. */
export const endSession = realmQuery(
  'identity.end_session',
  z.object({ id: SessionId }),
  `
  update identity.sessions s set ended_at = date_trunc('milliseconds', clock_timestamp()), ended_because = :because
   where s.id = :id and s.user_id = :userId and ${ALIVE}
  returning s.id`,
);

/** Ends all sessions of a person but one. */
export const endSessionsOfUser = realmQuery(
  'identity.end_sessions_of_user',
  z.object({ id: SessionId }),
  `
  update identity.sessions s set ended_at = date_trunc('milliseconds', clock_timestamp()), ended_because = :because
   where s.user_id = :userId and s.ended_at is null and s.id is distinct from :keptId::uuid
  returning s.id`,
);

export const setProven = realmQuery(
  'identity.set_session_proven',
  z.object({ provenAt: z.date() }),
  `
  update identity.sessions s set proven_at = date_trunc('milliseconds', clock_timestamp())
   where s.id = :id and ${ALIVE}
  returning s.proven_at as "provenAt"`,
);

/** A live session with its owner's rights of this moment; no row where it has ended or he is not active. */
export const liveSession = realmQuery(
  'identity.live_session',
  z.object({
    userId: UserId,
    provenAt: z.date().nullable(),
    clientId: ClientId.nullable(),
    ibId: IbId.nullable(),
    roles: z.array(z.string()),
  }),
  `
  select s.user_id as "userId", s.proven_at as "provenAt", u.client_id as "clientId", u.ib_id as "ibId",
         array(select r.role from identity.user_roles r where r.user_id = u.id order by r.role) as roles
    from identity.sessions s join identity.users u on u.id = s.user_id
   where s.id = :id and u.status = 'active' and ${ALIVE}`,
);

/** The newest live sessions of a person. */
export const sessionsOfUser = realmQuery(
  'identity.sessions_of_user',
  z.object({
    id: SessionId,
    surface,
    createdAt: z.date(),
    lastUsedAt: z.date(),
    expiresAt: z.date(),
    provenAt: z.date().nullable(),
    address: z.string(),
    userAgent: z.string(),
  }),
  `
  select s.id, s.surface, s.created_at as "createdAt", s.last_used_at as "lastUsedAt", s.expires_at as "expiresAt",
         s.proven_at as "provenAt", s.address, s.user_agent as "userAgent"
    from identity.sessions s
   where s.user_id = :userId and ${ALIVE}
   order by s.created_at desc, s.id
   limit :max`,
);

/** Ends all sessions of a person but the newest `kept`. */
export const endOldestSessions = realmQuery(
  'identity.end_oldest_sessions',
  z.object({ id: SessionId }),
  `
  update identity.sessions s set ended_at = date_trunc('milliseconds', clock_timestamp()), ended_because = :because
   where s.user_id = :userId and s.ended_at is null
     and s.id in (select o.id from identity.sessions o where o.user_id = :userId and o.ended_at is null
                   order by o.created_at desc, o.id offset :kept)
  returning s.id`,
);
