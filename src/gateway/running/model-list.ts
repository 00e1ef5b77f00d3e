/** `GET /v1/models`: the public names of the configuration, as far as the key may use them. */
import type { ClientKey } from '../config/settings.ts';
import { allows } from './destination.ts';
import type { Running } from './running.ts';

/** A model as OpenAI's API shows it. */
export interface ListedModel {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
}

/** The models a key may use. @param since when they came, in s since 1970. */
export function listedModels({ publicNames }: Running, key: ClientKey | undefined, since: number): ListedModel[] {
  return publicNames
    .filter((name) => allows(key, name))
    .map((id) => ({ id, object: 'model', created: since, owned_by: 'load-balanced-openai' }));
}

/**
 * What is answered to `GET path` without asking anybody; `undefined` = the endpoints are asked.
 * @param path below `/v1`.
 */
export function modelAnswer(
  path: string,
  running: Running,
  key: ClientKey | undefined,
  since: number,
):
  | { readonly list: readonly ListedModel[] }
  | { readonly one: ListedModel }
  | { readonly unknown: string }
  | undefined {
  const [, name] = /^\/models(?:\/(.+))?$/.exec(path) ?? [];
  const models = listedModels(running, key, since);
  if (path === '/models') return models.length > 0 || !running.open ? { list: models } : undefined;
  if (name === undefined) return undefined;
  let id = name;
  try {
    id = decodeURIComponent(name);
  } catch {
    // Then it is no name of ours.
  }
  const one = models.find((model) => model.id === id);
  if (one) return { one };
  const mayAsk = running.open && allows(key, id);
  return mayAsk ? undefined : { unknown: id };
}
