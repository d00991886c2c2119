import { expect, it } from 'vitest';
import { z } from 'zod';
import { kindOf, settingsOfKinds } from '../../src/kernel/kinds.ts';

const tea = { kind: 'tea', settings: z.strictObject({ kind: z.literal('tea'), minutes: z.int() }) };
const coffee = { kind: 'coffee', settings: z.strictObject({ kind: z.literal('coffee') }) };
const drinks = [tea, coffee] as const;

it('settings are told apart by their kind, and a kind is found by its word', () => {
  const settings = settingsOfKinds(drinks);
  expect(settings.parse({ kind: 'tea', minutes: 3 })).toEqual({ kind: 'tea', minutes: 3 });
  expect(settings.safeParse({ kind: 'coffee', minutes: 3 }).success).toBe(false);
  expect(settings.safeParse({ kind: 'milk' }).success).toBe(false);
  expect(kindOf(drinks, 'coffee')).toBe(coffee);
  expect(() => kindOf(drinks, 'milk')).toThrow('no kind milk among tea, coffee');
});
