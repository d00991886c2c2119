import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decide } from '../../src/identity/policy/rules.ts';
import { type OperationForm, isRight } from '../../src/kernel/operation.ts';
import { allOperations } from '../../src/main/api-routes.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { bodies, naming } from './matrix/bodies.ts';
import { type Actor, isReached, makeCast, rightsTable, roles } from './matrix/cast.ts';
import { type Case, casesOf, keyOf, type Objects, reachIn } from './matrix/cases.ts';
import { plantPlatform } from './matrix/platform.ts';
import { absentLike, plantTenant, type TenantWorld } from './matrix/world.ts';

const AT_ONCE = 8;
/** The operations over which the table of rights or the sign-in decides. */
const guarded = allOperations().filter(({ need }) => isRight(need) || need === 'signed_in');

/** Lists whose rows are objects of a kind, by the address that names one. */
const listed: Readonly<Record<string, string>> = {
  listClients: '/api/v1/clients/{clientId}',
  listIbs: '/api/v1/ibs/{ibId}',
  listAccounts: '/api/v1/accounts/{accountId}',
  listTrades: '/api/v1/trades/{tradeId}',
  listLedgerAccounts: '/api/v1/ledger/accounts/{accountId}',
  listPlans: '/api/v1/plans/{planId}',
  listFeedSources: '/api/v1/trading/sources/{sourceId}',
  listApprovals: '/api/v1/approvals/{approvalId}',
  listPlatformGrants: '/api/v1/platform-grants/{grantId}',
  listDesks: '/api/v1/desks/{deskId}',
  listInvitations: '/api/v1/users/invitations/{invitationId}',
  listApiKeys: '/api/v1/api-keys/{apiKeyId}',
  listPayoutRuns: '/api/v1/payout-runs/{runId}',
  listClosings: '/api/v1/closings/{closingId}',
  listDisputes: '/api/v1/disputes/{disputeId}',
};

/** Does something with each of many, a few at a time; the answers in their order. */
async function inTurns<One, Done>(all: readonly One[], work: (one: One) => Promise<Done>): Promise<Done[]> {
  const done: Done[] = [];
  for (let from = 0; from < all.length; from += AT_ONCE)
    done.push(...(await Promise.all(all.slice(from, from + AT_ONCE).map(work))));
  return done;
}

describe('Every role, on every operation, on every kind of object', () => {
  let api: TestApi;
  let acme: TenantWorld;
  let zenith: TenantWorld;
  let cast: Actor[];
  let objects: Objects;
  beforeAll(async () => {
    api = await openTestApi({ tenants: ['acme', 'zenith'] });
    acme = await plantTenant(api, 'acme');
    zenith = await plantTenant(api, 'zenith');
    cast = await makeCast(api, 'acme', acme);
    const platform = await plantPlatform(api, actorOf('operator'));
    objects = { here: new Map([...acme.objects, ...platform]), elsewhere: zenith.objects, refs: acme.refs };
  });
  afterAll(() => api.close());

  const actorOf = (role: string): Actor => {
    const found = cast.find((actor) => actor.role === role);
    if (found === undefined) throw new Error(`nobody is ${role}`);
    return found;
  };

  const send = (
    { operation, params, body }: Pick<Case, 'operation' | 'params' | 'body'>,
    actor: Pick<Actor, 'tenant' | 'token'>,
  ) => {
    const limit = operation.query !== undefined && 'limit' in operation.query.shape ? { limit: '200' } : {};
    return api.call(operation, {
      tenant: actor.tenant,
      token: actor.token,
      params,
      query: limit,
      ...(body === undefined ? {} : { body: operation.body === undefined ? JSON.stringify(body) : body }),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(operation.isIdempotent === true ? { 'idempotency-key': `matrix-${(keys += 1)}` } : {}),
      },
    });
  };
  let keys = 0;
  type Sent = Awaited<ReturnType<typeof send>>;

  /** All that an answer says, but for what differs from one request to the next. */
  const formOf = ({ status, code, headers, text: said }: Sent, params: Case['params']): string => {
    const text = Object.values(params).reduce((form, id) => form.replaceAll(id, '…'), said);
    return JSON.stringify([
      status,
      code,
      text.replace(/"urn:request:[^"]+"/, '"…"'),
      Object.keys(headers)
        .filter((name) => name !== 'content-length')
        .toSorted(),
    ]);
  };

  const fits = ({ expected }: Case, { status, code = '' }: Sent): boolean => {
    if (expected.kind === 'refused') return status === 403 && code === expected.code;
    if (expected.kind === 'not found') return status === 404;
    if (expected.kind === 'found') return status === 200;
    return status >= 400 && ![401, 403, 404].includes(status) && status < 500 && code.startsWith('http.');
  };

  /** The ids of the kind that an answer holds but should not, or lacks. */
  function unlike(actor: Actor, operation: OperationForm, text: string): string[] {
    const key = listed[operation.id];
    if (key === undefined) return [];
    const reach = reachIn(actor, operation);
    const name = /\{(\w+)\}$/.exec(key)?.[1] ?? '';
    return (objects.here.get(key) ?? [])
      .filter(({ params, ties }) => text.includes(`"id":"${params[name] ?? ''}"`) !== isReached(reach, ties))
      .map(({ params, ties }) => `${isReached(reach, ties) ? 'lacks' : 'shows'} ${params[name] ?? ''}`);
  }

  async function judge(actor: Actor, one: Case): Promise<{ faults: string[]; form: string }> {
    const { operation, what, params, expected } = one;
    const name = `${operation.id} (${what})`;
    try {
      const sent = await send(one, actor);
      const faults = fits(one, sent)
        ? []
        : [`${name}: ${expected.kind} expected, ${sent.status} ${sent.code ?? ''} answered`];
      if (actor.tenant !== null && sent.text.includes('zenith')) faults.push(`${name}: speaks of another tenant`);
      if (sent.status === 200) faults.push(...unlike(actor, operation, sent.text).map((each) => `${name}: ${each}`));
      return { faults, form: formOf(sent, params) };
    } catch (error) {
      return { faults: [`${name}: ${error instanceof Error ? error.message : String(error)}`], form: '' };
    }
  }

  async function faultsOf(actor: Actor): Promise<string[]> {
    const mine = guarded.filter(({ on }) => on === 'both' || (on === 'bare') === (actor.tenant === null));
    const cases = mine
      .filter(({ need }) => actor.role !== 'api_key' || isRight(need)) // What is one's own asks for a session.
      .flatMap((operation) => casesOf(actor, operation, objects));
    const faults: string[] = [];
    const forms = new Map<string, Map<string, string>>();
    const judged = await inTurns(cases, async (one) => ({ ...(await judge(actor, one)), one }));
    for (const { faults: found, form, one } of judged) {
      faults.push(...found);
      if (!['unreached', 'foreign', 'absent'].includes(one.what)) continue;
      const ways = forms.get(one.operation.id) ?? new Map<string, string>();
      forms.set(one.operation.id, ways.set(form, one.what));
    }
    for (const [id, ways] of forms)
      if (ways.size > 1) faults.push(`${id}: ${[...ways].map(([form, what]) => `${what} answers ${form}`).join(', ')}`);
    return faults;
  }

  it('has an entry for every kind of object, and a body for every operation that takes one', () => {
    const keysWanted = new Set(guarded.map(keyOf).filter((key) => key !== undefined));
    expect([...keysWanted].filter((key) => !objects.here.has(key))).toEqual([]);
    const takers = allOperations().filter(({ body }) => body !== undefined && body !== 'bytes');
    expect(takers.map(({ id }) => id).filter((id) => !(id in bodies))).toEqual([]);
    const wrong = takers.filter(({ id, body }) => {
      const given = bodies[id]?.(objects.refs);
      return typeof body === 'object' && !body.safeParse(given).success;
    });
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });

  it.each([...roles])(
    '%s gets what the table of rights says, and what is not reached is answered as absent',
    async (role) => {
      expect(await faultsOf(actorOf(role))).toEqual([]);
    },
  );

  it('would notice: with the rights of another role each difference is found', async () => {
    const faults = await faultsOf({ ...actorOf('sales'), caller: actorOf('auditor').caller });
    const found = (start: string) => faults.some((fault) => fault.startsWith(start));
    expect(found('listClients (no object): lacks')).toBe(true);
    expect(found('readClient (reached): found expected, 404')).toBe(true);
    expect(found('createClient (no object): refused expected, 4')).toBe(true);
    expect(found('listAudit (no object): found expected, 403')).toBe(true);
  });

  it('shows contact data in clear only where every row of the role leaves it clear', async () => {
    const right = { action: 'list', resource: 'clients' };
    for (const actor of cast) {
      const verdict = decide(rightsTable, actor.caller, right);
      if (verdict.kind !== 'given') continue;
      const listClients = guarded.find(({ id }) => id === 'listClients');
      if (listClients === undefined) throw new Error('clients are not listed');
      const { text } = await send({ operation: listClients, params: {}, body: undefined }, actor);
      const shown = { email: text.includes('@acme.example'), phone: text.includes('+447700900') };
      const clear = { email: !verdict.masked.has('email'), phone: !verdict.masked.has('phone') };
      expect({ role: actor.role, ...shown }).toEqual({ role: actor.role, ...clear });
    }
  });

  it('refuses a token on every host but its own, as it refuses any bad token', async () => {
    const tries = guarded.flatMap((operation) =>
      [actorOf('owner'), actorOf('operator'), actorOf('api_key')].flatMap(({ token, tenant }) => {
        const hosts = { bare: [null], tenant: ['acme', 'zenith'], both: [null, 'zenith'] }[operation.on];
        const params = objects.here.get(keyOf(operation) ?? '')?.[0]?.params ?? {};
        return hosts.filter((host) => host !== tenant).map((host) => ({ operation, params, token, host }));
      }),
    );
    const faults = await inTurns(tries, async ({ operation, params, token, host }) => {
      const { status, code } = await send({ operation, params, body: undefined }, { tenant: host, token });
      const isRefused = status === 401 && code === 'identity.token_invalid';
      return isRefused ? [] : [`${operation.id} on ${host ?? 'the bare host'}: ${status} ${code ?? ''}`];
    });
    expect(faults.flat()).toEqual([]);
  });

  it('answers alike to a body that names another tenant’s objects and one that names none', async () => {
    const owner = actorOf('owner');
    const nothing = {
      clientId: absentLike(acme.refs.clientId),
      ibId: absentLike(acme.refs.ibId),
      userId: absentLike(acme.refs.userId),
      deskId: absentLike(acme.refs.deskId),
      dealId: absentLike(acme.refs.dealId),
      ledgerAccountIds: [absentLike(acme.refs.ledgerAccountIds[0]), absentLike(acme.refs.ledgerAccountIds[1])] as const,
    };
    for (const id of naming) {
      const operation = guarded.find((each) => each.id === id);
      if (operation === undefined) throw new Error(`there is no operation ${id}`);
      const params = objects.here.get(keyOf(operation) ?? '')?.[0]?.params ?? {};
      const answers = [zenith.refs, nothing].map(async (refs) => {
        const sent = await send({ operation, params, body: bodies[id]?.(refs) }, owner);
        const { ledgerAccountIds, ...others } = refs;
        const named = Object.fromEntries(
          [...Object.values(others), ...ledgerAccountIds].map((value) => [value, value]),
        );
        return { status: sent.status, form: formOf(sent, { ...named, ...params }) };
      });
      const [foreign, absent] = await Promise.all(answers);
      expect({ id, ...foreign }).toEqual({ id, ...absent });
      expect({ id, isRefused: (foreign?.status ?? 0) >= 400 && (foreign?.status ?? 0) < 500 }).toEqual({
        id,
        isRefused: true,
      });
    }
  });
});
