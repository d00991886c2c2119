import { z } from 'zod';
import { ClientId, DeskId, IbId, InvitationId, UserId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query, realmQuery } from '../../platform/query.ts';
import { userStatuses } from '../users/types.ts';

const invitation = z.object({
  id: InvitationId,
  email: z.string(),
  name: z.string(),
  roles: z.array(z.string()),
  deskIds: z.array(DeskId),
  ibId: IbId.nullable(),
  invitedBy: z.string(),
  createdAt: z.date(),
  expiresAt: z.date(),
  isExpired: z.boolean(),
});

export const insertInvitation = realmQuery(
  'identity.insert_invitation',
  invitation,
  `
  insert into identity.invitations (id, email, email_key, name, roles, desk_ids, ib_id, token_hash, invited_by, expires_at)
  values (:id, :email, :emailKey, :name, :roles, :deskIds, :ibId, :tokenHash, :invitedBy,
          date_trunc('milliseconds', clock_timestamp()) + make_interval(mins => :minutes))
  on conflict (email_key) where accepted_at is null and withdrawn_at is null do nothing
  returning id, email, name, roles, desk_ids as "deskIds", ib_id as "ibId", invited_by as "invitedBy",
            created_at as "createdAt", expires_at as "expiresAt", false as "isExpired"`,
);

/** An invitation that nobody answered in time makes room for a new one. */
export const withdrawExpired = realmQuery(
  'identity.withdraw_expired_invitation',
  z.object({}),
  `
  update identity.invitations set withdrawn_at = clock_timestamp()
   where email_key = :emailKey and accepted_at is null and withdrawn_at is null and expires_at <= clock_timestamp()`,
);

export const withdrawInvitation = realmQuery(
  'identity.withdraw_invitation',
  z.object({ id: InvitationId }),
  `
  update identity.invitations set withdrawn_at = clock_timestamp()
   where id = :invitationId and accepted_at is null and withdrawn_at is null
  returning id`,
);

/** Whoever may no longer decide here has nobody waiting at the door either. */
export const withdrawInvitationsBy = realmQuery(
  'identity.withdraw_invitations_by',
  z.object({ id: InvitationId }),
  `
  update identity.invitations set withdrawn_at = clock_timestamp()
   where invited_by = :maker and accepted_at is null and withdrawn_at is null
  returning id`,
);

/** A new token in place of the former one, which is void by that. */
export const renewInvitation = realmQuery(
  'identity.renew_invitation',
  invitation,
  `
  update identity.invitations
     set token_hash = :tokenHash,
         expires_at = date_trunc('milliseconds', clock_timestamp()) + make_interval(mins => :minutes)
   where id = :invitationId and accepted_at is null and withdrawn_at is null
  returning id, email, name, roles, desk_ids as "deskIds", ib_id as "ibId", invited_by as "invitedBy",
            created_at as "createdAt", expires_at as "expiresAt", false as "isExpired"`,
);

export const readInvitation = realmQuery(
  'identity.read_invitation',
  invitation,
  `
  select id, email, name, roles, desk_ids as "deskIds", ib_id as "ibId", invited_by as "invitedBy",
         created_at as "createdAt", expires_at as "expiresAt", expires_at <= clock_timestamp() as "isExpired"
    from identity.invitations
   where token_hash = :tokenHash and accepted_at is null and withdrawn_at is null and expires_at > clock_timestamp()`,
);

/** Of many at the same time one gets the row; the others wait for it and find the invitation used. */
export const useInvitation = realmQuery(
  'identity.use_invitation',
  invitation,
  `
  update identity.invitations set accepted_at = clock_timestamp()
   where token_hash = :tokenHash and accepted_at is null and withdrawn_at is null and expires_at > clock_timestamp()
  returning id, email, name, roles, desk_ids as "deskIds", ib_id as "ibId", invited_by as "invitedBy",
            created_at as "createdAt", expires_at as "expiresAt", false as "isExpired"`,
);

export const pageOfInvitations = pagedQuery(
  'identity.page_of_invitations',
  invitation,
  `
  select id, email, name, roles, desk_ids as "deskIds", ib_id as "ibId", invited_by as "invitedBy",
         created_at as "createdAt", expires_at as "expiresAt", expires_at <= clock_timestamp() as "isExpired"
    from identity.invitations where accepted_at is null and withdrawn_at is null`,
  {
    sorts: { createdAt: { column: 'createdAt', type: 'timestamptz' } },
    unique: { column: 'id', schema: InvitationId, type: 'uuid' },
  },
);

const person = z.object({
  id: UserId,
  email: z.string(),
  name: z.string(),
  phone: z.string().nullable(),
  status: z.enum(userStatuses),
  roles: z.array(z.string()),
  clientId: ClientId.nullable(),
  ibId: IbId.nullable(),
  hasSecondFactor: z.boolean(),
  createdAt: z.date(),
});

/** People by any of the filters that are not null. `isEmailSearched` is false for whoever sees addresses masked. */
export const pageOfPeople = pagedQuery(
  'identity.page_of_people',
  person,
  `
  select u.id, u.email, u.name, u.phone, u.status, u.client_id as "clientId", u.ib_id as "ibId",
         u.created_at as "createdAt",
         array(select r.role from identity.user_roles r where r.user_id = u.id order by r.role) as roles,
         exists (select from identity.totp_factors t where t.user_id = u.id and t.secret is not null)
           or exists (select from identity.passkeys p where p.user_id = u.id) as "hasSecondFactor"
    from identity.users u
   where (:everything::boolean or u.id = :reachUserId::uuid)
     and (:status::text is null or u.status = :status)
     and (:role::text is null or exists (select from identity.user_roles r where r.user_id = u.id and r.role = :role))
     and (:q::text is null or strpos(lower(u.name), lower(:q)) > 0
          or (:isEmailSearched::boolean and strpos(lower(u.email), lower(:q)) > 0))`,
  {
    sorts: {
      name: { column: 'name', type: 'text' },
      createdAt: { column: 'createdAt', type: 'timestamptz' },
    },
    unique: { column: 'id', schema: UserId, type: 'uuid' },
  },
);

export const personById = realmQuery(
  'identity.person_by_id',
  person,
  `
  select u.id, u.email, u.name, u.phone, u.status, u.client_id as "clientId", u.ib_id as "ibId",
         u.created_at as "createdAt",
         array(select r.role from identity.user_roles r where r.user_id = u.id order by r.role) as roles,
         exists (select from identity.totp_factors t where t.user_id = u.id and t.secret is not null)
           or exists (select from identity.passkeys p where p.user_id = u.id) as "hasSecondFactor"
    from identity.users u
   where u.id = :userId and (:everything::boolean or u.id = :reachUserId::uuid)`,
);

export const desksOfUsers = query(
  'identity.desks_of_users',
  z.object({ userId: UserId, deskIds: z.array(DeskId) }),
  `
  select user_id as "userId", array_agg(desk_id order by desk_id) as "deskIds"
    from identity.desk_members where user_id = any (:userIds::uuid[]) group by user_id`,
);

export const renameUser = realmQuery(
  'identity.rename_user',
  z.object({}),
  `update identity.users set name = :name, updated_at = date_trunc('milliseconds', clock_timestamp()) where id = :userId`,
);

/** How many others with this role may sign in. */
export const countOtherHolders = realmQuery(
  'identity.count_other_holders',
  z.object({ others: z.int() }),
  `
  select count(*)::int as others
    from identity.user_roles r join identity.users u on u.id = r.user_id
   where r.role = :role and u.status = 'active' and u.id <> :userId`,
);
