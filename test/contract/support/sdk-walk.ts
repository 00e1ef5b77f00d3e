// Every HTTP call that a copy of the SDK can make, by calling each method of each resource with markers for ids.
import type { OpenAI } from 'openai';

/** The path segment that stands for an argument: what it is called follows. */
export const MARK = 'mark-';

/** One call that a resource makes. */
export interface SdkCall {
  /** As the user writes it: `beta.threads.runs.retrieve`. */
  readonly method: string;
  /** HTTP method, lower case; the SDK's lists are `get`. */
  readonly verb: string;
  readonly path: string;
}

/** What a walk found. */
export interface SdkWalk {
  readonly calls: readonly SdkCall[];
  /** Methods that send nothing by themselves with such arguments. */
  readonly silent: readonly string[];
}

type Loose = Record<string, unknown>;
type Method = (this: unknown, ...given: unknown[]) => unknown;

const isObject = (value: unknown): value is Loose => typeof value === 'object' && value !== null;

/** The arguments a method names: texts for ids, models and versions, else parameters in which every field is a marker. */
function argumentsOf(method: Method): unknown[] {
  const [, list = ''] = /^[^(]*\(([^)]*)\)/.exec(method.toString()) ?? [];
  const names = list.split(',').map((each) => each.split('=', 1)[0]?.trim() ?? '');
  return names.filter(Boolean).map((name) => {
    if (name === 'options') return undefined;
    if (/ID$|^id$|Checkpoint$|^model$|^version$/.test(name)) return MARK + name;
    return new Proxy({} as Loose, {
      get: (_, field) =>
        typeof field === 'string' && /_id$|checkpoint$|^version$/.test(field) ? MARK + field : undefined,
    });
  });
}

/** They send through other methods, which are called as well, or check something here. */
const HELPERS =
  /(Poll|Stream)$|^(poll|stream|parse|runTools|waitForProcessing|prepare|forResult|unwrap|verifySignature)$/;

/** Calls everything once. @param Client the `OpenAI` class of the copy. */
export function walkSdk(Client: typeof OpenAI): SdkWalk {
  const client = new Client({ apiKey: 'key', adminAPIKey: 'key', baseURL: 'http://127.0.0.1:1' } as object);
  const calls: SdkCall[] = [];
  const silent: string[] = [];
  let now = '';
  const never: Promise<never> = Object.assign(new Promise<never>(() => undefined), { _thenUnwrap: () => never });
  for (const verb of ['get', 'post', 'put', 'patch', 'delete', 'getAPIList'])
    (client as unknown as Loose)[verb] = (path: string, _: unknown, options?: { method?: string }) => {
      calls.push({ method: now, verb: verb === 'getAPIList' ? (options?.method ?? 'get') : verb, path });
      return never;
    };
  const visit = (resource: Loose, name: string) => {
    const prototype = Object.getPrototypeOf(resource) as Loose;
    for (const key of Object.getOwnPropertyNames(prototype)) {
      const method = prototype[key];
      if (key === 'constructor' || key.startsWith('_') || HELPERS.test(key) || typeof method !== 'function') continue;
      now = `${name}.${key}`;
      const before = calls.length;
      try {
        const result: unknown = (method as Method).apply(resource, argumentsOf(method as Method));
        if (result instanceof Promise) result.catch(() => undefined);
      } catch {
        // Then it is silent, unless it called before.
      }
      if (calls.length === before) silent.push(now);
    }
    for (const [key, inner] of Object.entries(resource)) {
      if (isObject(inner) && '_client' in inner) visit(inner, `${name}.${key}`);
    }
  };
  for (const [key, resource] of Object.entries(client))
    if (isObject(resource) && '_client' in resource) visit(resource, key);
  return { calls, silent };
}
