/** An endpoint's model map: public model name → the endpoint's own name, with fields to set or leave out. Pure. */

/** Where a model map entry leads: another name, or a name with changes to the JSON body. */
export type ModelMapValue =
  | string
  | {
      /** The endpoint's name for the model; `$1` is what `*` matched. */
      model: string;
      /** Fields set in the JSON body on this endpoint. */
      body?: Record<string, unknown> | undefined;
      /** Fields left out of the JSON body on this endpoint. */
      omit?: readonly string[] | undefined;
    };

/** Keys are exact names, `prefix*` or `*`; the longest match wins. Unmapped names pass through. */
export type ModelMap = Readonly<Record<string, ModelMapValue>>;

/** What a model becomes on one endpoint. */
export interface MappedModel {
  readonly model: string;
  readonly body: Readonly<Record<string, unknown>> | undefined;
  readonly omit: readonly string[] | undefined;
}

/** True when `name` is matched by `pattern`: an exact name, `prefix*` or `*`. */
export function matchesName(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

/** The entry of `map` whose key matches `model` best, with what fills its `$1`; `undefined` when none does. */
export function entryFor<Value>(
  map: Readonly<Record<string, Value>>,
  model: string,
): { readonly value: Value; readonly fill: (name: string) => string } | undefined {
  let key: string | undefined = Object.hasOwn(map, model) ? model : undefined;
  if (key === undefined) {
    for (const candidate of Object.keys(map)) {
      if (matchesName(candidate, model) && candidate.length > (key?.length ?? 0)) key = candidate;
    }
  }
  if (key === undefined) return undefined;
  const match = key.endsWith('*') ? model.slice(key.length - 1) : '';
  // A function as replacement: `$` signs in a model name must not be read as patterns.
  return { value: map[key] as Value, fill: (name) => name.replaceAll('$1', () => match) };
}

/** Looks `model` up in `map`; `undefined` when no entry matches, so nothing needs to be copied. */
export function mapModel(map: ModelMap, model: string): MappedModel | undefined {
  const entry = entryFor(map, model);
  if (entry === undefined) return undefined;
  const { value, fill } = entry;
  if (typeof value === 'string') return { model: fill(value), body: undefined, omit: undefined };
  return { model: fill(value.model), body: value.body, omit: value.omit };
}
