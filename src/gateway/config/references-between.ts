/** What the parts of a configuration say about each other: groups about endpoints and groups, keys about groups, prices and each other. */

import { matchesName } from '../../call/model-map.ts';
import { pathOf } from '../../config/problems.ts';
import { didYouMean, nearest } from '../../config/suggest.ts';
import type { FoundProblems } from './invalid.ts';
import type { GatewayConfig } from './schema.ts';
import type { GatewayEndpoint } from './settings.ts';

const SHOWN = 20;
const known = (names: readonly string[]) =>
  names.length === 0
    ? 'there is none'
    : `known are ${names.slice(0, SHOWN).join(', ')}${names.length > SHOWN ? ', …' : ''}`;

/** Groups as far as they name others. */
export type NamedGroups = Readonly<
  Record<string, { readonly endpoints: readonly { readonly endpoint: string }[]; readonly fallback: readonly string[] }>
>;

/** The groups on the way from `name` back to itself, if its fallbacks lead there. */
function circle(name: string, groups: NamedGroups, way: readonly string[] = [name]): readonly string[] | undefined {
  for (const next of groups[way.at(-1) as string]?.fallback ?? []) {
    if (next === name) return [...way, next];
    if (way.includes(next) || !Object.hasOwn(groups, next)) continue;
    const found = circle(name, groups, [...way, next]);
    if (found) return found;
  }
  return undefined;
}

/** Checks groups. @param names of all endpoints, those without a key included. */
export function checkGroups(groups: NamedGroups, names: readonly string[], problems: FoundProblems): void {
  const groupNames = Object.keys(groups);
  for (const [name, { endpoints, fallback }] of Object.entries(groups)) {
    const path = pathOf('', ['groups', name]);
    for (const [index, { endpoint }] of endpoints.entries())
      if (typeof endpoint === 'string' && !names.includes(endpoint))
        problems.add(
          `${path}.endpoints[${index}].endpoint`,
          `names no endpoint${didYouMean(endpoint, names)}; ${known(names)}`,
        );
    for (const [index, other] of fallback.entries())
      if (!groupNames.includes(other))
        problems.add(
          `${path}.fallback[${index}]`,
          `names no group${didYouMean(other, groupNames)}; ${known(groupNames)}`,
        );
    const round = circle(name, groups);
    if (round) problems.add(`${path}.fallback`, `leads back to the group itself (${round.join(' → ')}); end it before`);
  }
}

interface Around {
  readonly groups: readonly string[];
  readonly endpoints: readonly GatewayEndpoint[];
  readonly priced: boolean;
}

/** Checks keys. */
export function checkKeys(
  { clientKeys, adminKeys }: Pick<GatewayConfig, 'clientKeys' | 'adminKeys'>,
  around: Around,
  problems: FoundProblems,
): void {
  const { groups, endpoints, priced } = around;
  const named = [...groups, ...endpoints.flatMap(({ names }) => names)];
  const takesAll = groups.length === 0 && endpoints.some(({ open }) => open);
  for (const [list, keys] of Object.entries({ clientKeys, adminKeys })) {
    const seen = new Set<string>();
    for (const [index, { name }] of keys.entries()) {
      if (seen.has(name))
        problems.add(`${list}[${index}].name`, 'is taken by another key of the list; choose another name');
      seen.add(name);
    }
  }
  const first = new Map<string, string>();
  for (const [path, key] of [
    ...clientKeys.map(({ key }, index) => [`clientKeys[${index}]`, key] as const),
    ...adminKeys.map(({ key }, index) => [`adminKeys[${index}]`, key] as const),
  ]) {
    const other = first.get(key);
    if (other !== undefined) problems.add(`${path}.key`, `is the key of ${other} as well; each needs one of its own`);
    else first.set(key, path);
  }
  for (const [index, { groups: allowed = [], limits }] of clientKeys.entries()) {
    if (limits?.budget && !priced)
      problems.add(`clientKeys[${index}].limits.budget`, 'needs prices; add prices with what each model costs');
    for (const [place, name] of allowed.entries())
      if (!takesAll && !named.some((pattern) => matchesName(pattern, name))) {
        const near = nearest(name, named);
        const hint = near === undefined ? '' : `; did you mean ${near}?`;
        problems.add(`clientKeys[${index}].groups[${place}]`, `names no group and no model${hint}; ${known(named)}`);
      }
  }
}
