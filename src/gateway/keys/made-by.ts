/**
 * Whose the objects are that endpoints keep for their callers: a response belongs to the key that made it, and to keys for the same
 * groups. Why here: to an endpoint all of them are one account. Kept in memory; whose is not known any more is whose who knows the id.
 */
import type { ServerResponse } from 'node:http';
import { JsonText } from '../../call/json-text.ts';
import type { ClientKey } from '../config/settings.ts';
import { Refused } from '../http/api-error.ts';

/** A call, as far as it may make an object or use one. */
export interface ObjectCall {
  /** Below `/v1`. */
  readonly path: string;
  readonly key: ClientKey | undefined;
  readonly body: unknown;
}

const IN_PATH = /^\/(?:responses|conversations|chat\/completions)\/([^/]+)/;
/** Ids remembered. */
const MOST = 100_000;
/** So much of a reply is looked at: its id stands in front. */
const LOOKED_AT = 4_096;
const ID = /"id"\s*:\s*"((?:resp|chatcmpl|conv)[\w.-]{1,200})"/;

/** Keys for the same groups are one tenant; a key for all groups is everybody's. */
const tenantOf = ({ groups }: ClientKey) => (groups === undefined ? '' : JSON.stringify([...groups].sort()));

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The ids of objects that a call uses. */
function idsIn({ path, body }: ObjectCall): string[] {
  const found: unknown[] = [];
  const [, id] = IN_PATH.exec(path) ?? [];
  if (id !== undefined) found.push(decoded(id));
  if (body instanceof JsonText) {
    const { previous_response_id, conversation } = body.outline;
    found.push(previous_response_id, (conversation as { id?: unknown } | null)?.id ?? conversation);
  }
  return found.filter((one) => typeof one === 'string');
}

const keeps = ({ path, body }: ObjectCall) =>
  path === '/responses' ||
  path === '/conversations' ||
  (path === '/chat/completions' && body instanceof JsonText && body.outline.store === true);

/** Who made what. */
export class MadeBy {
  readonly #tenants = new Map<string, string>();

  /** @throws Refused when it uses what another tenant's key made: as if that were not there. */
  check(call: ObjectCall): void {
    if (call.key?.groups === undefined) return;
    const own = tenantOf(call.key);
    const foreign = idsIn(call).find((id) => (this.#tenants.get(id) ?? own) !== own);
    if (foreign === undefined) return;
    throw new Refused({ status: 404, message: `There is no ${JSON.stringify(foreign)}.`, code: 'not_found' });
  }

  /** Notes what the reply to a call makes. */
  watch(call: ObjectCall, response: ServerResponse): void {
    const { key } = call;
    if (key === undefined || !keeps(call)) return;
    const { write, end } = response;
    let seen = '';
    const look = (chunk: unknown) => {
      if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return;
      seen += typeof chunk === 'string' ? chunk : Buffer.from(chunk.subarray(0, LOOKED_AT)).toString('latin1');
      const [, id] = ID.exec(seen) ?? [];
      if (id !== undefined) this.#note(id, tenantOf(key));
      if (id !== undefined || seen.length >= LOOKED_AT) Object.assign(response, { write, end });
    };
    response.write = (...given: unknown[]) => {
      look(given[0]);
      return Reflect.apply(write, response, given);
    };
    response.end = (...given: unknown[]) => {
      look(given[0]);
      return Reflect.apply(end, response, given);
    };
  }

  #note(id: string, tenant: string): void {
    this.#tenants.delete(id);
    this.#tenants.set(id, tenant);
    if (this.#tenants.size > MOST) this.#tenants.delete(this.#tenants.keys().next().value as string);
  }
}
