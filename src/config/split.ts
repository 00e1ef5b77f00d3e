/** Parts the options a user wrote into ours, the SDK's and unknown ones. Values keep their identity, `undefined` is left out. */

/** The parts. `sdk` also gets symbols and the SDK's internal `__` keys, which its `withOptions` hands around. */
export interface Parts {
  readonly own: Record<string, unknown>;
  readonly sdk: Record<PropertyKey, unknown>;
  readonly unknown: readonly string[];
}

/** Parts `input`. */
export function split(input: object, ours: ReadonlySet<string>, theirs: ReadonlySet<string>): Parts {
  const own: Record<string, unknown> = {};
  const sdk: Record<PropertyKey, unknown> = {};
  const unknown: string[] = [];
  for (const key of Object.keys(input)) {
    const value = (input as Record<string, unknown>)[key];
    if (value === undefined) continue;
    if (ours.has(key)) own[key] = value;
    // Written to the object, it would become the place where missing options are looked up.
    else if (key !== '__proto__' && (theirs.has(key) || key.startsWith('__'))) sdk[key] = value;
    else unknown.push(key);
  }
  for (const key of Object.getOwnPropertySymbols(input)) sdk[key] = (input as Record<symbol, unknown>)[key];
  return { own, sdk, unknown };
}

/** `input` less the options in `ours`: the very object when it has none of them, so that nothing is lost on the way. */
export function without<Options extends object>(input: Options, ours: ReadonlySet<string>): Options {
  const isOurs = (key: PropertyKey) => typeof key === 'string' && ours.has(key);
  const keys = Reflect.ownKeys(input);
  if (!keys.some(isOurs)) return input;
  const rest: Record<PropertyKey, unknown> = {};
  for (const key of keys) if (!isOurs(key)) rest[key] = (input as Record<PropertyKey, unknown>)[key];
  return rest as Options;
}
