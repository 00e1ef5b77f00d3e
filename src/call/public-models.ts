/** A model map read backwards: by which public names an endpoint's own models can be asked for. Pure. */
import { type ModelMap, mapModel, matchesName } from './model-map.ts';

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The public names that an entry of a map turns into `own`. */
function namesBy(key: string, target: string, own: string): string[] {
  if (!key.endsWith('*')) return target.replaceAll('$1', '') === own ? [key] : [];
  // Without `$1` the names that lead there are without number.
  if (!target.includes('$1')) return [];
  const [head = '', ...rest] = target.split('$1').map(escaped);
  const pattern = rest.map((part, index) => (index === 0 ? `(.*)${part}` : `\\1${part}`)).join('');
  const match = new RegExp(`^${head}${pattern}$`, 's').exec(own)?.[1];
  return match === undefined ? [] : [key.slice(0, -1) + match];
}

/** Is a public name one that `models` names? */
export function isTaken(name: string, models: readonly string[] | undefined): boolean {
  return models === undefined || models.some((pattern) => matchesName(pattern, name));
}

/**
 * The public names of one model of an endpoint: those that its map turns into the model's own name, else that name itself, as
 * long as a call that names it would come out there. Names that `models` leaves out are left out.
 * @param models the public names it takes, exact or `prefix*`; `undefined` = all.
 */
export function publicNames(own: string, map: ModelMap, models: readonly string[] | undefined): string[] {
  const mapped = Object.entries(map).flatMap(([key, value]) =>
    namesBy(key, typeof value === 'string' ? value : value.model, own),
  );
  const leads = (name: string) => (mapModel(map, name)?.model ?? name) === own;
  const names = mapped.filter(leads);
  return [...new Set(names.length > 0 ? names : [own].filter(leads))].filter((name) => isTaken(name, models));
}

/** The exact public names of a map: what its endpoint serves by its user's word. */
export function exactNames(map: ModelMap, models: readonly string[] | undefined): string[] {
  return Object.keys(map).filter((key) => !key.endsWith('*') && isTaken(key, models));
}
