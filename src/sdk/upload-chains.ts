/**
 * Uploads made inside of `vectorStores.files.upload`, `.uploadAndPoll` and `fileBatches.uploadAndPoll` name no store, yet must land
 * where it is. The methods of the client's own resources say it in the options that the SDK hands on to each of their calls.
 * Why so: nothing is shared with calls beside them, and whoever wraps the methods, on the instance or its prototype, is called.
 */
import type { OpenAI } from 'openai';
import type { OwnedId } from '../call/owned-id.ts';

/** Metadata key under which an upload's options name the store it is for. */
const STORE = 'loadBalancedOpenAIVectorStore';

type Options = { __metadata?: Record<string, unknown> } | undefined;

const METHODS = [
  ['files', 'upload'],
  ['files', 'uploadAndPoll'],
  ['fileBatches', 'uploadAndPoll'],
] as const;

function naming(store: unknown, options: Options | PromiseLike<Options>): Options | PromiseLike<Options> {
  if (options && 'then' in options) return options.then((given) => naming(store, given));
  return { ...options, __metadata: { ...options?.__metadata, [STORE]: store } };
}

/** Has the uploads of one client say where they belong. */
export function nameStores(client: OpenAI): void {
  for (const [name, method] of METHODS) {
    const resource = client.vectorStores?.[name] as object | undefined;
    // Whoever stands in for the SDK in a test may lack it.
    if (!resource) continue;
    const value = function (this: object, store: unknown, content: unknown, options?: Options) {
      // Looked up at each call: whoever changes the prototype later has his say.
      const own = Reflect.get(Object.getPrototypeOf(resource) as object, method) as (...args: unknown[]) => unknown;
      return own.call(this, store, content, naming(store, options));
    };
    Object.defineProperty(resource, method, { value, configurable: true, writable: true, enumerable: false });
  }
}

/** The store that an upload's options name. */
export function storeOf(said: Readonly<Record<string, unknown>> | undefined): OwnedId | undefined {
  const id = said?.[STORE];
  return typeof id === 'string' ? { id, readAt: `/vector_stores/${encodeURIComponent(id)}` } : undefined;
}
