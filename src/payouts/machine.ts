/** A lifecycle as a table: for each state, which state each event leads to; an event that is not there is refused. */
type Lifecycle<State extends string, Event extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Event, State>>>>
>;

/**
 * A lifecycle as a pure function: the state that an event leads to, undefined where it is refused. The store writes it with
 * `where state = :from`, so that of two who act at once one finds that it has moved on.
 */
export const lifecycleOf =
  <State extends string, Event extends string>(table: Lifecycle<State, Event>) =>
  (state: State, event: Event): State | undefined =>
    table[state][event];
