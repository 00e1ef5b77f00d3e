/** Where ids may stand in a value, as plain data, and the walk over it. Looks at nothing that no place names, and only so deep. */
import type { OwnedId } from '../call/owned-id.ts';

/** What may stand at one place. Lists stand for each of their entries. */
export interface Place {
  /** What a text here means; `undefined` = it is only a name. */
  readonly text?: (text: string) => OwnedId | undefined;
  /** Where to look further in an object here. */
  readonly fields?: readonly (readonly [field: string, place: Place])[];
  /** Where to look in every field of an object whose names the caller chose. */
  readonly each?: Place;
  /** Where to look as well, by what the object says of itself. */
  readonly also?: (object: Readonly<Record<string, unknown>>) => Place | undefined;
}

/** An object with such fields. */
export function fields(of: Readonly<Record<string, Place>>): Place {
  return { fields: Object.entries(of) };
}

/** An object that `GET /collection/id` shows. */
export function shownAt(collection: string): Place {
  return { text: (id) => ({ id, readAt: `/${collection}/${encodeURIComponent(id)}` }) };
}

/** Ids of objects that the API does not show. */
export const hidden: Place = { text: (id) => ({ id, readAt: undefined }) };

/** The same place, whose ids bind nothing while their owner is unknown. */
export function softly({ text }: Place): Place {
  return {
    text: (id) => {
      const found = text?.(id);
      return found && { ...found, soft: true };
    },
  };
}

/** Collects the ids at `place` of a value. */
export function collect(value: unknown, place: Place, ids: OwnedId[]): void {
  if (Array.isArray(value)) {
    // A list of lists stands nowhere in the API.
    for (const entry of value as unknown[]) if (!Array.isArray(entry)) collect(entry, place, ids);
  } else if (typeof value === 'string') {
    const found = value === '' ? undefined : place.text?.(value);
    if (found) ids.push(found);
  } else if (typeof value === 'object' && value !== null) {
    const object = value as Readonly<Record<string, unknown>>;
    if (place.fields) for (const [field, inner] of place.fields) collect(object[field], inner, ids);
    if (place.each) for (const inner of Object.values(object)) collect(inner, place.each, ids);
    const also = place.also?.(object);
    if (also) collect(object, also, ids);
  }
}
