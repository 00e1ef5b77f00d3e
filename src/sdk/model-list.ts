/** The models of a pool by their public names, as its endpoints list them: model maps read backwards. */
import type { Item } from '../affinity/merge.ts';
import { type LocalizableOptions, modelInPath } from '../call/localize.ts';
import { exactNames, isTaken, publicNames } from '../call/public-models.ts';
import type { EndpointSettings } from '../config/settings.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';

const NOBODY: readonly Endpoint[] = [];

/** The endpoints that do not serve the model which a call asks about by its name. Nobody, if that is all of them. */
export function strangersTo(options: LocalizableOptions, endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const model = modelInPath(options);
  if (model === undefined) return NOBODY;
  const strangers = endpoints.filter(({ settings }) => !isTaken(model, settings.models));
  return strangers.length === endpoints.length ? NOBODY : strangers;
}

/**
 * An endpoint's models under the names that calls use. A model keeps all that its endpoint says of it but the `id`.
 * Azure lists what could be deployed, not what is: the exact names of its map are added, which its user deployed.
 */
export function publicModels(
  items: readonly Item[],
  { modelMap, models, type }: Pick<EndpointSettings, 'modelMap' | 'models' | 'type'>,
): Item[] {
  const named = items.flatMap((item) => {
    if (typeof item.id !== 'string') return [];
    return publicNames(item.id, modelMap, models).map((id) => (id === item.id ? item : { ...item, id }));
  });
  if (type !== 'azure') return named;
  const known = new Set(named.map(({ id }) => id));
  const deployed = exactNames(modelMap, models).filter((id) => !known.has(id));
  return [...named, ...deployed.map((id) => ({ id, object: 'model', created: 0, owned_by: type }))];
}
