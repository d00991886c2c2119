import { z } from 'zod';
import { AccountId, ClientId, DeskId, IbId, UserId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query } from '../../platform/query.ts';
import { isWithinReach, withinReach } from '../reach.ts';
import { KycState } from './contract.ts';

/** A client with everything in clear. */
export const clientRow = z.object({
  key: z.int(),
  id: ClientId,
  name: z.string(),
  firstName: z.string().nullable(),
  lastName: z.string().nullable(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  country: z.string().nullable(),
  kycState: KycState,
  ibId: IbId.nullable(),
  ownerUserId: UserId.nullable(),
  deskId: DeskId.nullable(),
  referralCode: z.string().nullable(),
  contactVersion: z.int(),
  createdAt: z.date(),
});
export type ClientRow = z.infer<typeof clientRow>;

const columns = `c.key, c.id, c.name, c.first_name as "firstName", c.last_name as "lastName", c.email, c.phone, c.country,
         c.kyc_state as "kycState", c.owner_user_id as "ownerUserId", c.desk_id as "deskId",
         c.referral_code as "referralCode", c.contact_version as "contactVersion", c.created_at as "createdAt",
         (select l.ib_id from ib.ib_of_client(c.key) l) as "ibId"`;

/**
 * A page of the clients within reach. What is looked for is compared with names and logins, and with e-mail addresses only
 * where `searchesEmail` says that the caller sees these in clear: else a search would tell them letter by letter.
 */
export const pageOfClients = pagedQuery(
  'clients.page',
  clientRow,
  `select ${columns}
     from clients.clients c
    where ${withinReach('c.key')}
      and (:country::text is null or c.country = :country::text)
      and (:kycState::text is null or c.kyc_state = :kycState::text)
      and (:deskId::uuid is null or c.desk_id = :deskId::uuid)
      and (:assignedToId::uuid is null or c.owner_user_id = :assignedToId::uuid)
      and (:ofIbId::uuid is null or c.key = any (array(select o.client_key from ib.clients_of(:ofIbId::uuid) o)))
      and (:text::text is null
           or position(lower(:text::text) in lower(c.name)) > 0
           or :searchesEmail::boolean and position(lower(:text::text) in c.email_key) > 0
           or c.key = any (array(select a.client_key from clients.accounts a where a.login = :login::bigint)))`,
  {
    sorts: {
      createdAt: { column: 'createdAt', type: 'timestamptz' },
      name: { column: 'name', type: 'text' },
    },
    unique: { column: 'id', schema: ClientId, type: 'uuid' },
  },
);

export const clientWithinReach = query(
  'clients.within_reach',
  clientRow,
  `select ${columns} from clients.clients c where c.id = :id and ${isWithinReach('c.key')}`,
);

/** The same, held against other changes until the transaction ends. */
export const lockClientWithinReach = query(
  'clients.lock_within_reach',
  clientRow,
  `select ${columns} from clients.clients c where c.id = :id and ${isWithinReach('c.key')} for no key update of c`,
);

export const insertClient = query(
  'clients.insert_client',
  z.object({ key: z.int() }),
  `insert into clients.clients (id, name, first_name, last_name, email, email_key, phone, country, referral_code, owner_user_id)
   values (:id, :name::text, :firstName::text, :lastName::text, :email::text, :emailKey::text, :phone::text, :country::text,
           :referralCode::text, :ownerUserId)
   returning key`,
);

/** Keeps the contact data as they were and writes the new ones, one version later. */
export const replaceContact = query(
  'clients.replace_contact',
  z.object({}),
  `with former as (
     insert into clients.former_contacts (client_key, version, name, first_name, last_name, email, phone, country)
     select key, contact_version, name, first_name, last_name, email, phone, country from clients.clients where key = :key::integer
   )
   update clients.clients
      set name = :name::text, first_name = :firstName::text, last_name = :lastName::text, email = :email::text,
          email_key = :emailKey::text, phone = :phone::text, country = :country::text, contact_version = contact_version + 1
    where key = :key::integer`,
);

export const updateAssignment = query(
  'clients.update_assignment',
  z.object({}),
  `update clients.clients set owner_user_id = :ownerUserId, desk_id = :deskId where key = :key::integer`,
);

/** No row where the client is in another state than the one that it is to leave. */
export const updateKycState = query(
  'clients.update_kyc_state',
  z.object({ id: ClientId }),
  `update clients.clients set kyc_state = :to::text where id = :id and kyc_state = :from::text returning id`,
);

export const kycStateOfClient = query(
  'clients.kyc_state',
  z.object({ kycState: KycState }),
  `select kyc_state as "kycState" from clients.clients where id = :id`,
);

/** The streams of events about a client: its own, its accounts', its link's. */
export const streamsOfClient = query(
  'clients.streams',
  z.object({ id: ClientId, key: z.int(), accountIds: z.array(AccountId) }),
  `select c.id, c.key, array(select a.id from clients.accounts a where a.client_key = c.key order by a.key limit 1000) as "accountIds"
     from clients.clients c
    where c.id = :id and ${isWithinReach('c.key')}`,
);
