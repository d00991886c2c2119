import { z } from 'zod';
import { ClientId, IbId, UserId } from '../../kernel/ids.ts';
import { query, realmQuery } from '../../platform/query.ts';
import { userStatuses } from './types.ts';

const user = z.object({
  id: UserId,
  email: z.string(),
  name: z.string(),
  phone: z.string().nullable(),
  status: z.enum(userStatuses),
  emailVerifiedAt: z.date().nullable(),
  clientId: ClientId.nullable(),
  ibId: IbId.nullable(),
  roles: z.array(z.string()),
  createdAt: z.date(),
});

/** No row where the address is taken. */
export const insertUser = realmQuery(
  'identity.insert_user',
  z.object({}),
  `
  with made as (
    insert into identity.users (id, email, email_key, name, phone, client_id, ib_id, email_verified_at)
    values (:id, :email, :emailKey, :name, :phone, :clientId, :ibId,
            case when :isVerified::boolean then date_trunc('milliseconds', clock_timestamp()) end)
    on conflict (email_key) do nothing
    returning id
  )
  select from made`,
);

export const insertRoles = realmQuery(
  'identity.insert_roles',
  z.object({}),
  `insert into identity.user_roles (user_id, role) select :userId::uuid, unnest(:roles::text[]) on conflict do nothing`,
);

export const deleteRoles = realmQuery(
  'identity.delete_roles',
  z.object({}),
  `delete from identity.user_roles where user_id = :userId and role = any (:roles::text[])`,
);

export const userById = realmQuery(
  'identity.user_by_id',
  user,
  `
  select u.id, u.email, u.name, u.phone, u.status, u.email_verified_at as "emailVerifiedAt", u.client_id as "clientId",
         u.ib_id as "ibId", u.created_at as "createdAt",
         array(select r.role from identity.user_roles r where r.user_id = u.id order by r.role) as roles
    from identity.users u where u.id = :id`,
);

export const userByEmailKey = realmQuery(
  'identity.user_by_email_key',
  user,
  `
  select u.id, u.email, u.name, u.phone, u.status, u.email_verified_at as "emailVerifiedAt", u.client_id as "clientId",
         u.ib_id as "ibId", u.created_at as "createdAt",
         array(select r.role from identity.user_roles r where r.user_id = u.id order by r.role) as roles
    from identity.users u where u.email_key = :emailKey`,
);

/** Whom to tell of what concerns IBs and clients: active people who sign in for them, whose address is proved. */
export const peopleOfParties = query(
  'identity.people_of_parties',
  z.object({ email: z.string(), name: z.string(), ibId: IbId.nullable(), clientId: ClientId.nullable() }),
  `
  select u.email, u.name, u.ib_id as "ibId", u.client_id as "clientId"
    from (select p.id, p.email, p.name,
                 case when exists (select from identity.user_roles r where r.user_id = p.id and r.role = 'ib') then p.ib_id end as ib_id,
                 case when exists (select from identity.user_roles r where r.user_id = p.id and r.role = 'client')
                      then p.client_id end as client_id
            from identity.users p
           where p.status = 'active' and p.email_verified_at is not null
             and (p.ib_id = any (:ibIds::uuid[]) or p.client_id = any (:clientIds::uuid[]))) u
   where u.ib_id = any (:ibIds::uuid[]) or u.client_id = any (:clientIds::uuid[])
   order by u.id`,
);

/** Whoever changes a person holds this row, so that changes come one after the other. */
export const lockUser = realmQuery(
  'identity.lock_user',
  z.object({ status: z.enum(userStatuses) }),
  `select status from identity.users where id = :id for update`,
);

export const putUserStatus = realmQuery(
  'identity.set_user_status',
  z.object({}),
  `update identity.users set status = :status, updated_at = date_trunc('milliseconds', clock_timestamp()) where id = :id`,
);

export const setLinks = realmQuery(
  'identity.set_user_links',
  z.object({}),
  `
  update identity.users
     set client_id = :clientId, ib_id = :ibId, updated_at = date_trunc('milliseconds', clock_timestamp())
   where id = :id`,
);

/** The first proof counts; no row where there was one. */
export const setVerified = realmQuery(
  'identity.set_email_verified',
  z.object({}),
  `
  update identity.users set email_verified_at = date_trunc('milliseconds', clock_timestamp())
   where id = :id and email_verified_at is null
  returning 1 as done`,
);

/**
 * Makes somebody of a registration that was never proved, with nothing of what was typed then; no row where it has been
 * proved since, or is more than a client. The caller holds the lock of rights.
 */
export const takeOverRegistration = realmQuery(
  'identity.take_over_registration',
  z.object({}),
  `
  update identity.users
     set email = :email, name = :name, phone = null, client_id = null, ib_id = :ibId,
         email_verified_at = date_trunc('milliseconds', clock_timestamp()),
         updated_at = date_trunc('milliseconds', clock_timestamp())
   where id = :userId and status = 'active' and email_verified_at is null
     and not exists (select from identity.user_roles r where r.user_id = :userId and r.role <> 'client')
  returning 1 as done`,
);

export const passwordHashOf = realmQuery(
  'identity.password_hash_of',
  z.object({ hash: z.string() }),
  `select hash from identity.passwords where user_id = :userId`,
);

/**
 * The same, held until the transaction ends: whoever opens a session by a password, or replaces it, comes one after the
 * other, so that no session by the old one is opened behind the back of whoever ends them all.
 */
export const holdPasswordHash = realmQuery(
  'identity.hold_password_hash',
  z.object({ hash: z.string() }),
  `select hash from identity.passwords where user_id = :userId for update`,
);

export const putPassword = realmQuery(
  'identity.put_password',
  z.object({}),
  `
  insert into identity.passwords (user_id, hash) values (:userId, :hash)
  on conflict (user_id) do update set hash = excluded.hash, changed_at = date_trunc('milliseconds', clock_timestamp())`,
);

/** The same password, hashed anew; not where another one was set meanwhile. */
export const replaceHash = realmQuery(
  'identity.replace_password_hash',
  z.object({}),
  `update identity.passwords set hash = :hash where user_id = :userId and hash = :formerHash`,
);

/** People who work here: with a role other than those of clients and IBs. */
export const countStaff = realmQuery(
  'identity.count_staff',
  z.object({ people: z.int() }),
  `
  select count(distinct u.id)::integer as people
    from identity.users u
    join identity.user_roles r on r.user_id = u.id and r.role not in ('client', 'ib')
   where u.status <> 'closed'`,
);

/** Whether any of these people is of an IB. */
export const peopleOfIb = query(
  'identity.people_of_ib',
  z.object({ found: z.boolean() }),
  `select exists (select from identity.users where id = any (:userIds::uuid[]) and ib_id = :ibId) as found`,
);

/** Active people with a proved address: those who sign in for an IB, one person, or those with one of some roles. */
export const mailboxes = realmQuery(
  'identity.mailboxes',
  z.object({ address: z.string(), name: z.string() }),
  `
  select u.email as address, u.name
    from identity.users u
   where u.status = 'active' and u.email_verified_at is not null
     and (u.ib_id = :ibId::uuid and exists (select from identity.user_roles r where r.user_id = u.id and r.role = 'ib')
          or u.id = :userId::uuid
          or exists (select from identity.user_roles r where r.user_id = u.id and r.role = any (:roles::text[])))
   order by u.created_at, u.id limit :max`,
);
