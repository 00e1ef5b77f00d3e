/** What a body says, for whoever looks at it: bodies that are kept as they were written show it in small. */
import { FormBytes } from './form-bytes.ts';
import { JsonText } from './json-text.ts';

/** What a body says, however it was handed over, without the contents of files and very long strings. */
export function contentOf(body: unknown): unknown {
  return body instanceof JsonText || body instanceof FormBytes ? body.outline : body;
}
