import { tenancyProblem } from './errors.ts';

type Waiter = { readonly give: () => void; readonly refuse: (error: Error) => void };

/** A fixed number of places; who finds none waits in line, but not for ever. */
export class Slots {
  readonly #max: number;
  readonly #waiting: Waiter[] = [];
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get full(): boolean {
    return this.#taken >= this.#max;
  }

  /** Takes a place, or waits for one at most `waitMsMax`: then `tenancy.connections_exhausted`. */
  take(waitMsMax: number): Promise<void> {
    if (!this.full) {
      this.#taken += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const settle = (then: () => void): void => {
        clearTimeout(timer);
        const place = this.#waiting.indexOf(waiter);
        if (place >= 0) this.#waiting.splice(place, 1);
        then();
      };
      const waiter: Waiter = { give: () => settle(resolve), refuse: (error) => settle(() => reject(error)) };
      const timer = setTimeout(
        () =>
          waiter.refuse(
            tenancyProblem('tenancy.connections_exhausted', {
              retryAfterSeconds: 1,
              detail: `All ${this.#max} pools are in use`,
            }),
          ),
        waitMsMax,
      );
      this.#waiting.push(waiter);
    });
  }

  /** Gives a place back; whoever has waited longest gets it at once. */
  release(): void {
    const [first] = this.#waiting;
    if (first === undefined) this.#taken -= 1;
    else first.give(); // The place changes hands: no newcomer can come between.
  }

  /** Sends everybody who waits away. */
  refuseAll(error: () => Error): void {
    for (const waiter of this.#waiting.slice()) waiter.refuse(error());
  }
}
