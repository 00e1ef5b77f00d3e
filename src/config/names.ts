/** Gives every endpoint of a pool its name, after all of them are resolved: what the user wrote, else type and number. */
import type { Unnamed } from './endpoint.ts';
import type { Problems } from './problems.ts';
import type { EndpointSettings } from './settings.ts';

/**
 * Names the endpoints: `openai-1`, `azure-1`, `openai-2`, … by their place among their type, skipping names in use.
 * @param taken names that exist already, such as those of a running pool.
 */
export function nameAll(
  endpoints: readonly (Unnamed | undefined)[],
  paths: readonly string[],
  taken: Iterable<string>,
  problems: Problems,
): EndpointSettings[] {
  const owners = new Map<string, string>();
  for (const name of taken) owners.set(name, 'the pool');
  for (const [index, endpoint] of endpoints.entries()) {
    if (endpoint?.name === undefined) continue;
    const path = paths[index] as string;
    const owner = owners.get(endpoint.name);
    if (owner !== undefined)
      problems.add('duplicate_name', `${path}.name`, `"${endpoint.name}" is taken by ${owner}; choose another`);
    owners.set(endpoint.name, path);
  }
  const counts = new Map<string, number>();
  const named: EndpointSettings[] = [];
  for (const endpoint of endpoints) {
    if (!endpoint) continue;
    let number = (counts.get(endpoint.type) ?? 0) + 1;
    counts.set(endpoint.type, number);
    let { name } = endpoint;
    if (name === undefined) {
      while (owners.has(`${endpoint.type}-${number}`)) number += 1;
      name = `${endpoint.type}-${number}`;
      owners.set(name, name);
    }
    named.push({ ...endpoint, name });
  }
  return named;
}
