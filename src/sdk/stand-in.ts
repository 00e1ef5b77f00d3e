/**
 * What the SDK is given in the place of a body whose text is there already. It reads the model, for Azure's addresses, and what
 * the body says about a stream, for its parser; the rest it would only write once more.
 */
import type { RequestOptions } from './call-of.ts';

type Body = { readonly model?: unknown; readonly stream?: unknown };

/** Puts it in the body's place. @returns puts the body back. */
export function standIn(own: RequestOptions): () => void {
  const { body } = own;
  const { model, stream } = body as Body;
  own.body = { model, stream };
  return () => {
    own.body = body;
  };
}
