import { decide, reachOfOneself } from '../../../src/identity/policy/rules.ts';
import { type OperationForm, isRight } from '../../../src/kernel/operation.ts';
import type { Reach } from '../../../src/platform/access.ts';
import { bodies, type Refs } from './bodies.ts';
import { type Actor, isReached, rightsTable } from './cast.ts';
import { absentLike, type Planted } from './world.ts';

/** What an answer must be: refused with a code; not found; found; or let through to the reading of a body that is none. */
type Expected =
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'not found' | 'found' | 'let through' };

export type Case = {
  readonly operation: OperationForm;
  readonly what: 'no object' | 'reached' | 'unreached' | 'foreign' | 'absent' | 'half absent';
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly expected: Expected;
};

/** An address up to its last parameter: what kind of object it names. */
export const keyOf = ({ path }: OperationForm): string | undefined => /^.*\}/.exec(path)?.[0];

/** Operations whose reach is not that of the object in their address, with the ways that count. */
const otherReach: Readonly<Record<string, (reach: Reach) => Reach>> = {
  // The clients of an IB are asked for: the tree itself is open to staff, and the list holds the clients that are reached.
  listClientsOfIb: (reach) => (reach.subtreeOf === null ? { ...reach, everything: true } : reach),
};

const isWrite = ({ method }: OperationForm): boolean => method !== 'get';

export type Objects = {
  readonly here: ReadonlyMap<string, readonly Planted[]>;
  readonly elsewhere: ReadonlyMap<string, readonly Planted[]>;
  readonly refs: Refs;
};

/** Every case of an actor and an operation, with what the table of rights says of it and nothing else. */
export function casesOf(actor: Actor, operation: OperationForm, objects: Objects): Case[] {
  const key = keyOf(operation);
  const planted = key === undefined ? [] : (objects.here.get(key) ?? []);
  const some = planted[0]?.params ?? {};
  const one = { operation, body: bodyThatIsNone(operation) };
  const code = refusalOf(actor, operation);
  if (code !== undefined) return [{ ...one, what: 'no object', params: some, expected: { kind: 'refused', code } }];
  const passes: Expected = { kind: isWrite(operation) ? 'let through' : 'found' };
  if (operation.contentType === 'text/event-stream') return []; // It never ends: its own test reads it.
  if (key === undefined) return [{ ...one, what: 'no object', params: {}, expected: passes }];
  const reach = reachIn(actor, operation);
  const lost = { operation, body: bodies[operation.id]?.(objects.refs), expected: { kind: 'not found' } } as const;
  const absent = mapped(some, absentLike);
  return [
    ...oneOfEach(planted).map(({ params, ties, isThere = true }): Case =>
      isThere && isReached(reach, ties)
        ? { ...one, what: 'reached', params, expected: passes }
        : { ...lost, what: 'unreached', params },
    ),
    ...(objects.elsewhere.get(key) ?? [])
      .filter(({ params }) => !planted.some((each) => JSON.stringify(each.params) === JSON.stringify(params)))
      .slice(-1)
      .map(({ params }): Case => ({ ...lost, what: 'foreign', params })),
    { ...lost, what: 'absent', params: absent },
    ...(Object.keys(some).length > 1
      ? [
          {
            ...lost,
            what: 'half absent' as const,
            params: { ...some, ...Object.fromEntries(Object.entries(absent).slice(-1)) },
          },
        ]
      : []),
  ];
}

/** Objects with the same ties are reached by the same people: one of them is asked for, lists show all. */
const oneOfEach = (planted: readonly Planted[]): Planted[] => [
  ...new Map(planted.map((each) => [JSON.stringify([each.ties, each.isThere]), each])).values(),
];

const mapped = (params: Readonly<Record<string, string>>, map: (value: string) => string): Record<string, string> =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [name, map(value)]));

/** A body that no operation takes, so that what is let through changes nothing: it is refused after the right was given. */
const bodyThatIsNone = (operation: OperationForm): unknown =>
  isWrite(operation) ? { nobody: 'takes this' } : undefined;

function refusalOf({ caller }: Actor, { need, needsStepUp }: OperationForm): string | undefined {
  if (!isRight(need)) return undefined;
  const verdict = decide(rightsTable, caller, need);
  if (verdict.kind === 'refused') return 'identity.forbidden';
  if (verdict.kind === 'kyc') return 'identity.kyc_required';
  return needsStepUp === true && caller.provenAt === null ? 'identity.step_up_needed' : undefined;
}

/** What the table lets an actor reach by an operation that it may call. */
export function reachIn({ caller }: Actor, { id, need }: OperationForm): Reach {
  if (!isRight(need)) return reachOfOneself({ ...caller, surface: 'admin' });
  const verdict = decide(rightsTable, caller, need);
  if (verdict.kind !== 'given') throw new Error(`${id} is not for ${caller.roles.join(', ')}`);
  return otherReach[id]?.(verdict.reach) ?? verdict.reach;
}
