/** An id in a call that belongs to the endpoint which made it. Found by the tables of paths and bodies, read by affinity. */

/** One id of a call. */
export interface OwnedId {
  readonly id: string;
  /** Path that reads the object itself, e.g. `/files/file-1`; `undefined` = the API has none. */
  readonly readAt: string | undefined;
  /** True: leads to a known owner, but binds nothing while its owner is unknown. */
  readonly soft?: boolean;
}
