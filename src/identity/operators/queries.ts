import { z } from 'zod';
import { InvitationId } from '../../kernel/ids.ts';
import { query, realmQuery } from '../../platform/query.ts';

/** Whether there is an owner who may sign in, or may come back. */
export const hasOwner = realmQuery(
  'identity.has_owner',
  z.object({ found: z.boolean() }),
  `
  select exists (select from identity.user_roles r join identity.users u on u.id = r.user_id
                  where r.role = 'owner' and u.status <> 'closed') as found`,
);

/** What operators have sent and nobody has answered: one, or the few of operators who asked at the same moment. */
export const waitingOfPlatform = query(
  'identity.waiting_invitations_of_platform',
  z.object({ id: InvitationId }),
  `
  select id from identity.invitations
   where invited_by like 'platform %' and accepted_at is null and withdrawn_at is null
   order by id limit 100`,
);
