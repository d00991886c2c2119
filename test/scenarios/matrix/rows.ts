import { z } from 'zod';
import { idFromUuid, newUuid } from '../../../src/kernel/ids.ts';
import { query } from '../../../src/platform/query.ts';

export const insertDesk = query(
  'test.insert_desk',
  z.object({}),
  `insert into identity.desks (id, name) values (:id, :name)`,
);
export const insertGrant = query(
  'test.insert_grant',
  z.object({}),
  `insert into identity.platform_grants (id, operator_id, role, reason, ends_at)
   values (:id, :operatorId, 'auditor', 'For the matrix', clock_timestamp() + interval '10 minutes')`,
);

export const insertPasskey = query(
  'test.insert_passkey',
  z.object({}),
  `insert into identity.passkeys (id, user_id, credential_id, public_key, counter, rp_id, transports, name)
   values (:id, :userId, decode(md5(random()::text), 'hex'), '\\x00', 0, 'acme.localhost', '{}', 'For the matrix')`,
);

export const insertDiscrepancy = query(
  'test.insert_discrepancy',
  z.object({}),
  `insert into commissions.discrepancies (id, deal_key, detail) values (:id, 1, 'For the matrix')`,
);

/** An id that nobody has yet. */
export const freshId = (prefix: string): string => idFromUuid(prefix, newUuid(Date.now()));
