import { z } from 'zod';
import { IbId } from '../../kernel/ids.ts';
import { query } from '../../platform/query.ts';

/** Everybody above some clients at present, their own IB included: one probe of the links and one range of the upline each. */
export const ibsAboveClients = query(
  'ib.ibs_above_clients',
  z.object({ clientKey: z.int(), ibIds: z.array(IbId) }),
  `
  select l.client_key as "clientKey", array_agg(i.id) as "ibIds"
    from ib.client_links l
    join ib.closure c on c.descendant_key = l.ib_key and c.superseded_at = 'infinity' and c.valid_from <= :at and c.valid_to > :at
    join ib.ibs i on i.key = c.ancestor_key
   where l.client_key = any (:clientKeys::integer[]) and l.superseded_at = 'infinity' and l.valid_from <= :at and l.valid_to > :at
   group by l.client_key`,
);

/** The same for IBs, each itself included. */
export const ibsAboveIbs = query(
  'ib.ibs_above_ibs',
  z.object({ ibId: IbId, ibIds: z.array(IbId) }),
  `
  select b.id as "ibId", array_agg(i.id) as "ibIds"
    from ib.ibs b
    join ib.closure c on c.descendant_key = b.key and c.superseded_at = 'infinity' and c.valid_from <= :at and c.valid_to > :at
    join ib.ibs i on i.key = c.ancestor_key
   where b.id = any (:ids::uuid[])
   group by b.id`,
);
