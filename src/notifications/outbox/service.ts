import { z } from 'zod';
import { type MessageId, idFromUuid, newUuid } from '../../kernel/ids.ts';
import type { Sealer } from '../../platform/crypto.ts';
import { afterCommit } from '../../platform/late.ts';
import type { Mail, SendMail } from '../../platform/mail.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import { notificationsProblem } from '../errors.ts';
import type { MailRealm } from '../types.ts';
import * as queries from './queries.ts';

const ADDRESS_CHARACTERS_MAX = 254; // RFC 5321, section 4.5.3.1.3, less the angle brackets.
const Address = z.email().max(ADDRESS_CHARACTERS_MAX);

const realmOf = (tx: RealmTx): MailRealm => ('tenantId' in tx ? tx.tenantId : null);

/** Where a sealed mail belongs: one copied to another tenant or row cannot be opened there. */
const contextOf = (realm: MailRealm, id: MessageId): string => `${realm ?? 'control'}/${id}`;

/**
 * Makes `sendMail`. `nudge` is told after the commit that a realm has mail; it may fail or be lost, for the sweeper finds
 * every mail that waits.
 */
export const makeSendMail =
  ({ sealer, nudge }: { readonly sealer: Sealer; readonly nudge: (realm: MailRealm) => void }): SendMail =>
  async (tx, mail) => {
    if (!Address.safeParse(mail.to.address).success) throw notificationsProblem('notifications.recipient_invalid');
    const id = idFromUuid('msg', newUuid(Date.now())) as MessageId;
    const realm = realmOf(tx);
    const content = sealer.seal(JSON.stringify(mail), contextOf(realm, id));
    await queries.insertMessage(tx, { id, template: mail.template, content });
    afterCommit(tx, 'notifications.nudge', () => nudge(realm));
  };

/** Reads a sealed mail; throws where it was sealed with another secret, or for another place. */
export const openMail = (sealer: Sealer, realm: MailRealm, id: MessageId, content: Buffer): Mail =>
  JSON.parse(sealer.open(content, contextOf(realm, id)), (key, value: unknown) =>
    key === 'at' && typeof value === 'string' ? new Date(value) : value,
  ) as Mail;
