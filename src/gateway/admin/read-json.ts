/** Reads what is sent to the admin API: JSON and nothing else, of a size and depth that a configuration has. */
import type { IncomingMessage } from 'node:http';
import { AdminError } from './admin-error.ts';

const MOST_BYTES = 2 ** 20;
const DEEPEST = 32;
/** Names that would change what every object is. */
const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const tooLarge = () => new AdminError(413, 'request_too_large', 'The body is larger than 1 MiB.');

async function whole(message: IncomingMessage): Promise<Buffer> {
  if (Number(message.headers['content-length'] ?? 0) > MOST_BYTES) throw tooLarge();
  const read: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MOST_BYTES) throw tooLarge();
    read.push(chunk);
  }
  return Buffer.concat(read);
}

/** @throws AdminError for names and depths that no configuration has. */
export function refuseOddShapes(body: unknown): void {
  let level: unknown[] = [body];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) throw new AdminError(400, 'invalid_body', `The body is nested deeper than ${DEEPEST} levels.`);
    const next: unknown[] = [];
    for (const one of level) {
      if (typeof one !== 'object' || one === null) continue;
      for (const [name, inner] of Object.entries(one)) {
        if (FORBIDDEN.has(name))
          throw new AdminError(400, 'invalid_body', `The body holds the name ${name}, which is not allowed.`);
        next.push(inner);
      }
    }
    level = next;
  }
}

/** True for a name that no group and no endpoint may have. */
export const isForbiddenName = (name: string): boolean => FORBIDDEN.has(name);

/**
 * The body of a message; `undefined` = it has none.
 * @throws AdminError 400, 413 or 415.
 */
export async function readJson(message: IncomingMessage): Promise<unknown> {
  const { headers, method } = message;
  const type = headers['content-type'];
  const isJson = type !== undefined && /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type);
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (method === 'GET' || method === 'HEAD') return undefined;
  // A form of another page brings a type of its own, with or without a body.
  if ((type !== undefined || hasBody) && !isJson)
    throw new AdminError(415, 'unsupported_content_type', 'Send JSON, with content-type: application/json.');
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    throw new AdminError(415, 'unsupported_encoding', 'Compressed bodies are not taken; leave content-encoding out.');
  if (!hasBody) return undefined;
  const text = (await whole(message)).toString('utf8');
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new AdminError(400, 'invalid_body', 'The body is not JSON.');
  }
  refuseOddShapes(body);
  return body;
}
