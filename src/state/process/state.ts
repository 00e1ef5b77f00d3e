/** Where a member stands. */
import type { Hub } from './hub.ts';
import type { Wire } from './wire.ts';

/** It knows nobody, looks for the one who leads, has joined it, or leads. */
export type State =
  | { readonly is: 'apart'; readonly until: number; readonly because: Error | undefined }
  | { readonly is: 'seeking' }
  | { readonly is: 'joined'; readonly wire: Wire; readonly identity: string }
  | { readonly is: 'leading'; readonly hub: Hub };
