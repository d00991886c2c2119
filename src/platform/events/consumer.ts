import type { TenantTx } from '../tenant-tx.ts';
import type { StoredEvent } from './types.ts';

/** Which events a consumer takes: those of some types, or all. */
type Selection = { readonly types: readonly string[] } | { readonly all: true };

/**
 * Takes events one by one, or a whole run of them (in order) in one go. Everything it does on `tx` happens once, because
 * the same transaction records that it happened. What it does elsewhere may happen again and must bear that.
 */
type Handling =
  | { readonly handle: (tx: TenantTx, event: StoredEvent) => Promise<void> }
  | { readonly handleAll: (tx: TenantTx, events: readonly StoredEvent[]) => Promise<void> };

/** Somebody who learns of events. `name` is kept in each tenant's database with the position, so it never changes. */
export type Consumer = {
  readonly name: string;
  readonly wants: (type: string) => boolean;
  readonly handleAll: (tx: TenantTx, events: readonly StoredEvent[]) => Promise<void>;
};

/** Declares a consumer of events, named `<feature>.<what>`; the relay runs it for every tenant. */
export function defineConsumer(consumer: { readonly name: string } & Selection & Handling): Consumer {
  const types = 'types' in consumer ? new Set(consumer.types) : undefined;
  return {
    name: consumer.name,
    wants: (type) => types?.has(type) ?? true,
    handleAll:
      'handleAll' in consumer
        ? consumer.handleAll
        : async (tx, events) => {
            for (const event of events) await consumer.handle(tx, event);
          },
  };
}
