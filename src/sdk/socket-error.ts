/**
 * Reads what sockets report: errors of `ws`, events of the built-in `WebSocket`, the SDK's own socket errors. Makes of it the SDK
 * error that the verdict table knows. Pure.
 */
import { APIConnectionError, APIError } from 'openai';
import { embeddedError } from '../errors.ts';

/** Said by `ws` when the upgrade is answered with something else. */
const REFUSED = /Unexpected server response: (\d{3})/;

/** Close codes that nobody has to answer for: done, going away, none given, and what the caller himself did wrong. */
const NO_FAULT: ReadonlySet<unknown> = new Set([1000, 1001, 1003, 1005, 1007, 1008, 1009, 1010]);
/** The codes in use by the protocol; above them applications have their own. */
const LAST_CODE = 1015;

type Loose = Record<string, unknown>;

const isObject = (value: unknown): value is Loose => typeof value === 'object' && value !== null;

function connectionError(message: string, cause?: unknown): Error {
  return new APIConnectionError({ message, cause: cause instanceof Error ? cause : undefined });
}

function closed({ code, reason }: Loose): Error | undefined {
  if (NO_FAULT.has(code) || (code as number) > LAST_CODE) return undefined;
  return connectionError(`The socket was closed with code ${code}${reason ? `: ${String(reason)}` : ''}`);
}

/** What one link of the chain of causes says; `undefined` = nothing, look further. */
function read(link: Loose): Error | undefined {
  const { status, message, error, code, type } = link;
  if (link instanceof Error && (typeof status === 'number' || link instanceof APIConnectionError)) return link;
  const [, refused] = (typeof message === 'string' && REFUSED.exec(message)) || [];
  if (refused !== undefined) return APIError.generate(Number(refused), undefined, message as string, new Headers());
  // An error event of the API.
  if (isObject(error) && !(error instanceof Error) && typeof error.type === 'string')
    return embeddedError(error, new Headers());
  if (link instanceof Error && typeof code === 'string') return connectionError(link.message, link);
  if (Array.isArray(link.errors)) return connectionError('The socket could not connect.', link);
  // Nothing more is told of why.
  if (type === 'error' && !error) return connectionError('The socket failed.');
  return undefined;
}

/**
 * What a socket reported, as an SDK error.
 * @param reason an error, or an `error` or `close` event. What says nothing of the endpoint comes back as it is.
 * @returns `undefined` for a close in good order.
 */
export function socketError(reason: unknown): unknown {
  if (isObject(reason) && reason.type === 'close' && typeof reason.code === 'number') return closed(reason);
  let link = reason;
  for (let depth = 0; depth < 6 && isObject(link); depth++) {
    const found = read(link);
    if (found) return found;
    link = link.cause ?? link.error;
  }
  return reason;
}
