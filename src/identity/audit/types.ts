/** Who acted, as an event names it. */
export type Actor = {
  /** `platform`: an operator of the installation inside a tenant; `system`: a part of the program, or somebody outside. */
  readonly kind: 'user' | 'api_key' | 'platform' | 'system';
  readonly id: string;
  /** Through whose eyes, where somebody looked through another's. */
  readonly as: string | null;
};
