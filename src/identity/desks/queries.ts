import { z } from 'zod';
import { DeskId, UserId } from '../../kernel/ids.ts';
import { query } from '../../platform/query.ts';

const desk = z.object({ id: DeskId, name: z.string(), memberIds: z.array(UserId), createdAt: z.date() });

export const allDesks = query(
  'identity.all_desks',
  desk,
  `
  select d.id, d.name, d.created_at as "createdAt",
         array(select m.user_id from identity.desk_members m where m.desk_id = d.id order by m.user_id) as "memberIds"
    from identity.desks d order by d.name`,
);

/** A desk, held so that its members are changed by one at a time. */
export const lockDesk = query(
  'identity.lock_desk',
  desk,
  `
  select d.id, d.name, d.created_at as "createdAt",
         array(select m.user_id from identity.desk_members m where m.desk_id = d.id order by m.user_id) as "memberIds"
    from identity.desks d where d.id = :deskId for update of d`,
);

export const insertDesk = query(
  'identity.insert_desk',
  z.object({ id: DeskId }),
  `
  insert into identity.desks (id, name)
  select :id, :name where (select count(*) from identity.desks) < :most
  on conflict (name) do nothing
  returning id`,
);

/** No row where another desk has the name. */
export const renameDesk = query(
  'identity.rename_desk',
  z.object({ id: DeskId }),
  `
  update identity.desks set name = :name
   where id = :deskId and not exists (select from identity.desks where name = :name and id <> :deskId)
  returning id`,
);

/** The desk has exactly these members afterwards. */
export const removeOtherMembers = query(
  'identity.remove_other_members',
  z.object({}),
  `delete from identity.desk_members where desk_id = :deskId and not user_id = any (:memberIds::uuid[])`,
);

export const addMembers = query(
  'identity.add_members',
  z.object({}),
  `
  insert into identity.desk_members (desk_id, user_id) select :deskId, unnest(:memberIds::uuid[])
  on conflict do nothing`,
);

/** Which of these are no staff: no such user, or only a client or IB. */
export const notStaff = query(
  'identity.not_staff',
  z.object({ id: UserId }),
  `
  select asked.id from unnest(:memberIds::uuid[]) asked (id)
   where not exists (select from identity.user_roles r where r.user_id = asked.id and r.role not in ('client', 'ib'))`,
);

/** Somebody who works here now. */
export const activeStaff = query(
  'identity.active_staff',
  z.object({ id: UserId }),
  `
  select u.id from identity.users u
   where u.id = :id and u.status = 'active'
     and exists (select from identity.user_roles r where r.user_id = u.id and r.role not in ('client', 'ib'))`,
);

export const desksOfUser = query(
  'identity.desks_of_user',
  z.object({ deskId: DeskId }),
  `select desk_id as "deskId" from identity.desk_members where user_id = :userId order by desk_id`,
);

export const unknownDesks = query(
  'identity.unknown_desks',
  z.object({ id: DeskId }),
  `
  select asked.id from unnest(:deskIds::uuid[]) asked (id)
   where not exists (select from identity.desks d where d.id = asked.id)`,
);

/** The user is on exactly these desks afterwards. */
export const leaveOtherDesks = query(
  'identity.leave_other_desks',
  z.object({}),
  `delete from identity.desk_members where user_id = :userId and not desk_id = any (:deskIds::uuid[])`,
);

export const joinDesks = query(
  'identity.join_desks',
  z.object({}),
  `
  insert into identity.desk_members (desk_id, user_id) select unnest(:deskIds::uuid[]), :userId
  on conflict do nothing`,
);
