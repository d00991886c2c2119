import { describe, expect, it } from 'vitest';
import type { TenantId } from '../../src/kernel/ids.ts';
import { Agenda } from '../../src/platform/rounds/agenda.ts';

describe('The order of visits', () => {
  const [a, b, c, d] = ['tnt_a', 'tnt_b', 'tnt_c', 'tnt_d'] as TenantId[];
  it('alternates between hinted tenants and those whose turn it is, so that neither line waits for the other', () => {
    const agenda = new Agenda();
    for (const tenant of [a, b]) if (tenant !== undefined) agenda.add(tenant, 'hinted');
    for (const tenant of [c, d]) if (tenant !== undefined) agenda.add(tenant, 'regular');
    expect([agenda.next(), agenda.next(), agenda.next(), agenda.next(), agenda.next()]).toEqual([
      a,
      c,
      b,
      d,
      undefined,
    ]);
  });

  it('never visits a tenant twice at a time, and comes back for what arrived meanwhile', () => {
    const agenda = new Agenda();
    const tenant = 'tnt_a' as TenantId;
    agenda.add(tenant, 'hinted');
    agenda.add(tenant, 'regular');
    expect(agenda.next()).toBe(tenant);
    agenda.add(tenant, 'hinted');
    expect(agenda.next()).toBeUndefined();
    agenda.done(tenant, false);
    expect(agenda.next()).toBe(tenant);
    agenda.done(tenant, false);
    expect(agenda.next()).toBeUndefined();
  });
});
