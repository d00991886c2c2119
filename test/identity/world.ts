import { openIdentity } from '../../src/main/identity.ts';
import type { Mail } from '../../src/platform/mail.ts';
import type { Realm } from '../../src/identity/index.ts';
import type { Asked } from '../../src/identity/sign-in/service.ts';
import { openTestTenancy, testLog, testOrigin } from '../support/tenancy.ts';
import { cheapSignIn } from '../support/sign-in.ts';

/** From where the tests ask. */
export const asked: Asked = {
  origin: testOrigin,
  device: { address: '192.0.2.7', userAgent: 'Firefox on Linux' },
  site: 'https://acme.example.com',
};

export type World = Awaited<ReturnType<typeof openWorld>>;

/** Signing in at two tenants and at the installation itself, with its mails in a list; `close()` it in `afterAll`. */
export async function openWorld(settings: Partial<typeof cheapSignIn> = {}) {
  const tenancy = await openTestTenancy();
  const acme = await tenancy.createTenant({ slug: 'acme', name: 'Acme Markets' });
  const zenith = await tenancy.createTenant({ slug: 'zenith', name: 'Zenith Markets' });
  const mails: Mail[] = [];
  const config = { secret: 'a secret of at least thirty-two characters', baseHost: 'localhost' };
  const open = () =>
    openIdentity({
      tenancy,
      config,
      sendMail: async (_tx, mail) => void mails.push(mail),
      limit: async () => undefined,
      quotas: { hasRoom: async () => true },
      settings: { ...cheapSignIn, ...settings },
      log: testLog,
    });
  const identity = open();
  const realm: Realm = identity.signIn.realmOf({ tenantId: acme.id });
  return {
    tenancy,
    identity,
    realm,
    mails,
    config,
    acme,
    zenith,
    deps: { identity },
    signIn: identity.signIn,
    /** Another process of the same installation. */
    open,
    tenantOf: (slug: string) => (slug === 'zenith' ? zenith : acme),
    authenticate: (token: string, tenantId: string | null = acme.id) =>
      identity.guard.authenticate(`Bearer ${token}`, {
        tenantId: tenantId === zenith.id ? zenith.id : tenantId === null ? null : acme.id,
      }),
    lastMail: (): Mail => {
      const mail = mails.at(-1);
      if (mail === undefined) throw new Error('there is no mail');
      return mail;
    },
    close: tenancy.close,
  };
}
