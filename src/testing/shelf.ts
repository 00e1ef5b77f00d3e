/**
 * What has been created on a fault server: files, batches, threads, … under the path that reads them.
 * Why real objects and not canned ones: an id read from a server that did not make it must be a 404, as in life.
 */

/** An object as the API shows it. */
export type Thing = { id: string } & Record<string, unknown>;

/** The objects of one server. */
export interface Shelf {
  /** A new id such as `file-a-1`. */
  newId(prefix: string): string;
  /** Keeps an object in a collection such as `files` or `threads/thread_a_1/messages`. */
  put(collection: string, thing: Thing, content?: Buffer): void;
  get(collection: string, id: string): Thing | undefined;
  /** The bytes that came with an object. */
  content(collection: string, id: string): Buffer | undefined;
  delete(collection: string, id: string): boolean;
  /** The objects of a collection, oldest first. */
  list(collection: string): Thing[];
  /** Whether anything with this id exists here. */
  has(id: string): boolean;
  clear(): void;
}

/** The oldest objects of a collection make room beyond so many, so that a server can run for hours. */
const ROOM = 10_000;

/** An empty shelf of the server with this name. */
export function shelf(server: string): Shelf {
  const collections = new Map<string, Map<string, { thing: Thing; content: Buffer | undefined }>>();
  let made = 0;
  const at = (collection: string) => collections.get(collection);
  return {
    newId(prefix) {
      made += 1;
      return `${prefix}${server}-${made}`;
    },
    put(collection, thing, content) {
      const shelved = at(collection) ?? new Map();
      collections.set(collection, shelved);
      shelved.set(thing.id, { thing, content });
      if (shelved.size > ROOM) shelved.delete(shelved.keys().next().value ?? '');
    },
    get: (collection, id) => at(collection)?.get(id)?.thing,
    content: (collection, id) => at(collection)?.get(id)?.content,
    delete: (collection, id) => at(collection)?.delete(id) ?? false,
    list: (collection) => [...(at(collection)?.values() ?? [])].map(({ thing }) => thing),
    has: (id) => [...collections.values()].some((shelved) => shelved.has(id)),
    clear: () => collections.clear(),
  };
}
