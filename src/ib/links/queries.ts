import { z } from 'zod';
import { IbId } from '../../kernel/ids.ts';
import { query, validUntil } from '../../platform/query.ts';

export const insertLinks = query(
  'ib.insert_links',
  z.object({ key: z.int() }),
  `insert into ib.client_links (client_key, ib_key, valid_from, valid_to, recorded_at, reason)
   select client_key, ib_key, valid_from, coalesce(valid_to, 'infinity'), :recordedAt::timestamptz, 'linked'
     from unnest(:clientKeys::integer[], :ibKeys::integer[], :validFroms::timestamptz[], :validTos::timestamptz[])
          with ordinality as g (client_key, ib_key, valid_from, valid_to, place)
    order by place
   returning key`,
);

/** The link that holds at an instant, if there is one. */
export const linkAt = query(
  'ib.link_at',
  z.object({ ibKey: z.int(), ibId: IbId, validTo: validUntil }),
  `select l.ib_key as "ibKey", i.id as "ibId", l.valid_to as "validTo"
     from ib.client_links l
     join ib.ibs i on i.key = l.ib_key
    where l.client_key = :clientKey::integer and l.superseded_at = 'infinity'
      and l.valid_from <= :at::timestamptz and :at::timestamptz < l.valid_to`,
);

/** When the next link after an instant begins, if one does. */
export const nextLinkAfter = query(
  'ib.next_link_after',
  z.object({ validFrom: z.date() }),
  `select valid_from as "validFrom"
     from ib.client_links
    where client_key = :clientKey::integer and superseded_at = 'infinity' and valid_from > :at::timestamptz
    order by valid_from
    limit 1`,
);

/** Ends the link that holds at the instant, if there is one, and opens the new one unless the client is to have none. */
export const replaceLink = query(
  'ib.replace_link',
  z.object({ key: z.int() }),
  `with ended as (
     update ib.client_links set superseded_at = :recordedAt::timestamptz
      where client_key = :clientKey::integer and superseded_at = 'infinity' and valid_from <= :at::timestamptz and :at::timestamptz < valid_to
     returning ib_key, valid_from, reason
   )
   insert into ib.client_links (client_key, ib_key, valid_from, valid_to, recorded_at, reason)
   select :clientKey::integer, ib_key, valid_from, :at::timestamptz, :recordedAt::timestamptz, reason from ended where valid_from < :at::timestamptz
   union all
   select :clientKey::integer, :ibKey::integer, :at::timestamptz, coalesce(:until::timestamptz, 'infinity'), :recordedAt::timestamptz, :reason::text
    where :ibKey::integer is not null
   returning key`,
);
