import { z } from 'zod';
import { ImpersonationId, SessionId, UserId } from '../../kernel/ids.ts';
import { query } from '../../platform/query.ts';

const surface = z.enum(['portal', 'partner']);

export const insertImpersonation = query(
  'identity.insert_impersonation',
  z.object({ endsAt: z.date() }),
  `
  insert into identity.impersonations (id, impersonator_id, session_id, user_id, surface, reason, ends_at)
  values (:id, :impersonatorId, :sessionId, :userId, :surface, :reason,
          date_trunc('milliseconds', clock_timestamp()) + make_interval(secs => :seconds))
  returning ends_at as "endsAt"`,
);

/** One that has neither ended nor run out, by the database's clock. */
export const liveImpersonation = query(
  'identity.live_impersonation',
  z.object({ impersonatorId: UserId, sessionId: SessionId, userId: UserId, surface }),
  `
  select impersonator_id as "impersonatorId", session_id as "sessionId", user_id as "userId", surface
    from identity.impersonations
   where id = :id and ended_at is null and ends_at > clock_timestamp()`,
);

export const endImpersonations = query(
  'identity.end_impersonations',
  z.object({ id: ImpersonationId, surface }),
  `
  update identity.impersonations set ended_at = date_trunc('milliseconds', clock_timestamp())
   where impersonator_id = :impersonatorId and user_id = :userId and ended_at is null and ends_at > clock_timestamp()
  returning id, surface`,
);
