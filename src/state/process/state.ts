/** Where a member stands. */
import type { Server } from 'node:net';
import type { Hub } from './hub.ts';
import type { Ledger } from './ledger.ts';
import type { Wire } from './wire.ts';

/** It knows nobody, looks for the one who leads, has joined it, or leads. */
export type State =
  | { readonly is: 'apart'; readonly until: number; readonly because: Error | undefined }
  | { readonly is: 'seeking' }
  | { readonly is: 'joined'; readonly wire: Wire; readonly identity: string }
  | { readonly is: 'leading'; readonly hub: Hub };

/** What one has who takes over. */
export interface Taken {
  readonly server: Server;
  /** Who is at the place from now on. */
  readonly identity: string;
  readonly ledger: Ledger;
}
