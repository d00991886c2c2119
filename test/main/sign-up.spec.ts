import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listClients } from '../../src/clients/people/contract.ts';
import { listIbs, readIb, setIbStatus } from '../../src/ib/contract.ts';
import { register } from '../../src/identity/registration/contract.ts';
import type { IbId } from '../../src/kernel/ids.ts';
import { openClient } from '../../src/main/sign-up.ts';
import { openScene, type Scene } from '../clients/scene.ts';

describe('Whoever signs up', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
  });
  afterAll(() => scene.close());

  const signUp = (referralCode: string | null) =>
    scene.inTenant((tx) =>
      openClient(tx, {
        firstName: 'Nadia',
        lastName: 'Silva',
        email: 'Nadia@Example.com',
        country: 'PT',
        phone: null,
        referralCode,
      }),
    );
  const codeOf = async (ibId: IbId) => (await scene.call(readIb, 'admin', { params: { ibId } })).ok().referralCode;
  const read = async (id: Awaited<ReturnType<typeof signUp>>) => {
    const { data } = (await scene.call(listClients, 'admin', { query: { q: 'nadia@example' } })).ok();
    return data.find((client) => client.id === id);
  };

  it('becomes a client of the IB whose code he gives, also as people write it', async () => {
    const code = await codeOf(scene.ib.Lena);
    for (const written of [
      code,
      code.toLowerCase(),
      ` ${code.slice(0, 5)}-${code.slice(5)} `,
      code.replaceAll('0', 'o').replaceAll('1', 'l'),
    ])
      expect(await read(await signUp(written)), written).toMatchObject({
        ibId: scene.ib.Lena,
        kycState: 'pending',
        referralCode: written,
      });
  });

  it('is nobody’s client where the code names nobody who is active, which nobody is told', async () => {
    const suspended = await codeOf(scene.ib.Pavel);
    await scene.call(setIbStatus, 'admin', {
      params: { ibId: scene.ib.Pavel },
      body: { status: 'suspended', reason: 'contract under review' },
    });
    for (const code of [null, 'NOSUCHCODE', '', suspended])
      expect(await read(await signUp(code))).toMatchObject({ ibId: null, referralCode: code, name: 'Nadia Silva' });
  });

  it('does so by the documented API alone, and is answered the same whatever the code', async () => {
    const person = { password: 'a long and uncommon sentence', firstName: 'Rui', lastName: 'Silva', country: 'PT' };
    const code = await codeOf(scene.ib.Lena);
    const answers = [];
    for (const [place, referralCode] of [code, 'NOSUCHCODE'].entries())
      answers.push(
        await scene.api.call(register, { body: { ...person, email: `rui${place}@example.com`, referralCode } }),
      );
    expect(answers.map(({ status, text }) => [status, text])).toEqual(answers.map(() => [202, '{"accepted":true}']));
    const { data } = (await scene.call(listClients, 'admin', { query: { q: 'Rui Silva', sort: 'createdAt' } })).ok();
    expect(data.map(({ ibId, email, kycState }) => [ibId, email, kycState])).toEqual([
      [scene.ib.Lena, 'rui0@example.com', 'pending'],
      [null, 'rui1@example.com', 'pending'],
    ]);
  });

  it('reads a code that is like no other of the tenant’s', async () => {
    const codes = (await scene.call(listIbs, 'admin')).ok().data.map(({ referralCode }) => referralCode);
    expect(new Set(codes).size).toBe(codes.length);
  });
});
