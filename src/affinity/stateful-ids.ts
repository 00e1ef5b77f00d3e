/** Finds the ids in a call that belong to the endpoint which made them: in its path, its body, its query and its model's name. */
import { fineTuned, type Operation } from '../call/operations.ts';
import type { OwnedId } from '../call/owned-id.ts';
import { collect, type Place } from './place.ts';
import { bodies, queries } from './places.ts';

/** No id is as long as this; texts beyond are what an upload says of itself. */
const LONGEST = 512;
/** The deepest place of the table. */
const DEEPEST = 4;

type Fields = Record<string, unknown>;
const none = (): Fields => Object.create(null) as Fields;

/** A form's texts as the object they were made from: `video[id]` → `{ video: { id } }`, `file_ids[]` → a list. */
function fieldsOf(form: FormData): Fields {
  const all = none();
  for (const [name, value] of form) {
    if (typeof value !== 'string' || value.length > LONGEST) continue;
    const way = name.split(/[[\]]+/, DEEPEST + 1).filter((step) => step !== '');
    const last = way.pop();
    if (last === undefined || way.length >= DEEPEST) continue;
    let at = all;
    for (const step of way) {
      if (typeof at[step] !== 'object' || Array.isArray(at[step])) at[step] = none();
      at = at[step] as Fields;
    }
    if (!name.endsWith('[]')) at[last] = value;
    else if (Array.isArray(at[last])) (at[last] as unknown[]).push(value);
    else at[last] = [value];
  }
  return all;
}

function look(value: unknown, place: Place | undefined, ids: OwnedId[]): void {
  if (!place || typeof value !== 'object' || value === null) return;
  collect(value instanceof FormData ? fieldsOf(value) : value, place, ids);
}

/** What of a call may name an object. */
export interface Naming {
  readonly operation: Operation;
  /** The public model name. */
  readonly model: string | undefined;
  readonly body?: unknown;
  readonly query?: unknown;
}

/**
 * The ids a call refers to, those of its path first.
 * What only looks like one is left out: the names of voices, models and containers to be made, texts, metadata.
 */
export function idsInCall({ operation, model, body, query }: Naming): readonly OwnedId[] {
  const ids: OwnedId[] = [];
  look(body, bodies.get(operation.name), ids);
  if (query !== undefined) look(query, queries.get(operation.name), ids);
  const made = model === undefined ? undefined : fineTuned(model);
  if (made) ids.push({ ...made, soft: true });
  return ids.length === 0 ? operation.ids : [...operation.ids, ...ids];
}
