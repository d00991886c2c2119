import { rateText } from '../rules.ts';
import type { CompiledComponent } from '../definitions/types.ts';
import { type AgreementRates, type ChainLink, RATE_SOURCES, type RateSource } from '../types.ts';

/** For each rule the rate of the first source that has a term for it; 0 where none has. */
export function ratesOfSources(sources: readonly RateSource[]): AgreementRates {
  const shape = sources[0]?.rates ?? [];
  return shape.map((rules, component) =>
    rules.map((_rate, rule) => winnerOf(sources, component, rule)?.rates[component]?.[rule] ?? 0n),
  );
}

const winnerOf = (sources: readonly RateSource[], component: number, rule: number): RateSource | undefined =>
  sources.find(({ rates }) => rates[component]?.[rule] !== undefined);

/**
 * How an IB's rate for a rule was found, for the explanation: everything that was looked up, in its order, and what won.
 * Nothing where the levels of the component have no use for rates and ranks.
 */
export function lookupFigures(
  { rates, sources }: ChainLink,
  component: CompiledComponent,
  place: number,
  rule: number,
  rateDigits: number,
): Readonly<Record<string, string>> {
  if (!component.usesRates && component.ranks.length === 0) return {};
  const said = (units: bigint | undefined): string => {
    if (units === undefined) return 'none';
    return component.ranks.length > 0 ? (component.ranks[Number(units) - 1] ?? 'none') : rateText(units, rateDigits);
  };
  const all: readonly RateSource[] = sources ?? (rates === undefined ? [] : [{ kind: 'agreement', rates }]);
  const lookedUp = Object.entries(RATE_SOURCES).flatMap(([kind, name]) => {
    const ofKind = all.filter((source) => source.kind === kind);
    if (ofKind.length === 0) return [`${name}: none`];
    return ofKind.map((source) => `${name}: ${said(source.rates[place]?.[rule])}`);
  });
  const winner = winnerOf(all, place, rule);
  return {
    lookedUp: lookedUp.join(', '),
    ...(winner !== undefined && { rateFrom: RATE_SOURCES[winner.kind], rate: said(winner.rates[place]?.[rule]) }),
  };
}
