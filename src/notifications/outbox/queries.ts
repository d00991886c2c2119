import { z } from 'zod';
import { MessageId } from '../../kernel/ids.ts';
import { realmQuery } from '../../platform/query.ts';

const nothing = z.object({});

export const insertMessage = realmQuery(
  'notifications.insert_message',
  nothing,
  `
  insert into notifications.messages (id, template, content) values (:id, :template, :content)`,
);

/**
 * Takes mails that are due, oldest first. Until the lease has run out nobody else takes them; whoever dies in between
 * leaves them to be taken again then. `attempts` tells the takings of one mail apart.
 */
export const claimMails = realmQuery(
  'notifications.claim_mails',
  z.object({ id: MessageId, content: z.instanceof(Buffer), attempts: z.int(), template: z.string() }),
  `
  update notifications.messages m
     set state = 'sending', attempts = m.attempts + 1,
         next_try_at = clock_timestamp() + make_interval(secs => :leaseMs::double precision / 1000)
    from (select id from notifications.messages
           where state in ('waiting', 'sending') and next_try_at <= clock_timestamp()
           order by next_try_at limit :max for update skip locked) due
   where m.id = due.id
  returning m.id, m.content, m.attempts, m.template`,
);

/** Whoever has sent it says so, even if another has taken it meanwhile, or has given it up: sent is sent. */
export const markSent = realmQuery(
  'notifications.mark_sent',
  nothing,
  `
  update notifications.messages
     set state = 'sent', sent_at = clock_timestamp(), content = null, last_error = null
   where id = :id and state <> 'sent'`,
);

/** Puts a mail back for a later try; one that somebody else has taken meanwhile stays theirs. */
export const putBack = realmQuery(
  'notifications.put_back',
  nothing,
  `
  update notifications.messages
     set state = 'waiting', last_error = :reason,
         next_try_at = clock_timestamp() + make_interval(secs => :delayMs::double precision / 1000)
   where id = :id and state = 'sending' and attempts = :attempts`,
);

/** Gives a mail up: its content is wiped, the reason stays. */
export const giveUp = realmQuery(
  'notifications.give_up',
  z.object({ id: MessageId }),
  `
  update notifications.messages
     set state = 'failed', content = null, last_error = :reason
   where id = :id and state = 'sending' and attempts = :attempts
  returning id`,
);

/** Gives up what is older than a mail may wait, whoever had it. */
export const giveUpOld = realmQuery(
  'notifications.give_up_old',
  z.object({ id: MessageId, template: z.string() }),
  `
  update notifications.messages m
     set state = 'failed', content = null, last_error = concat_ws(', ', last_error, 'too old')
    from (select id from notifications.messages
           where state in ('waiting', 'sending') and created_at < clock_timestamp() - make_interval(days => :days::integer)
           order by created_at limit :max for update skip locked) old
   where m.id = old.id
  returning m.id, m.template`,
);

/** In how many milliseconds the next mail is due, 0 where one is now; no row where none waits. */
export const nextDueIn = realmQuery(
  'notifications.next_due_in',
  z.object({ dueInMs: z.int() }),
  `
  select ceil(greatest(0, extract(epoch from next_try_at - clock_timestamp()) * 1000))::integer as "dueInMs"
    from notifications.messages where state in ('waiting', 'sending') order by next_try_at limit 1`,
);
