/** Where a call goes: the pool for its model, and the endpoint that the model's name pins. Names are looked up, never taken apart further. */
import { matchesName } from '../../call/model-map.ts';
import type { ClientKey } from '../config/settings.ts';
import { Refused, unknownModel } from '../http/api-error.ts';
import { isByModel } from '../http/by-model.ts';
import type { GatewayPool } from '../pools/pools.ts';
import type { Running } from './running.ts';

/** Where a call goes. */
export interface Destination {
  readonly pool: GatewayPool;
  /** The model as the pool knows it; `undefined` = the call names none. */
  readonly model: string | undefined;
  /** The pinned member, by the pool's name for it. */
  readonly endpoint?: string | undefined;
}

const LONGEST_NAME = 256;

/** Objects that only those know who were told their id: a key for some groups may ask for them. */
const BY_ID = /^\/(responses|conversations|chat\/completions)\/[^/]+/;

/** May the key use this public name? */
export function allows(key: ClientKey | undefined, name: string): boolean {
  return key?.groups === undefined || key.groups.some((pattern) => matchesName(pattern, name));
}

/** The pinned member: by its place, counted from 1, or by the endpoint's name. */
function pinned(pool: GatewayPool | undefined, pin: string): string | undefined {
  if (pool?.members.includes(pin)) return pin;
  return /^[1-9]\d{0,5}$/.test(pin) ? pool?.members[Number(pin) - 1] : undefined;
}

function ofGroup(name: string, pool: GatewayPool | undefined, pin: string | undefined): Destination {
  if (!pool) {
    const message = `No endpoint of the group ${JSON.stringify(name)} has a key at the moment.`;
    throw new Refused({ status: 503, message, code: 'no_endpoint_available', headers: { 'x-should-retry': 'false' } });
  }
  if (pin === undefined) return { pool, model: name };
  const endpoint = pinned(pool, pin);
  if (endpoint === undefined) throw unknownModel(`${name}$${pin}`);
  return { pool, model: name, endpoint };
}

const SERVICE = /^(openai|anthropic)\/(?=.)/;

/** The pool for a model that is no group's. */
function beside(name: string, { settings, pools, open }: Running): Destination {
  const [prefix = '', service] = (settings.byService && SERVICE.exec(name)) || [];
  const model = name.slice(prefix.length);
  const claude = service === undefined ? model.startsWith('claude') : service === 'anthropic';
  const pool = claude && (settings.byService || pools.anthropic) ? pools.anthropic : pools.openai;
  const other = settings.byService ? undefined : pools.anthropic;
  const known = open || settings.endpoints.some(({ names }) => names.some((pattern) => matchesName(pattern, model)));
  const found = pool ?? other;
  if (!known || !found) throw unknownModel(name);
  return { pool: found, model };
}

/**
 * Where a call goes.
 * @param path below `/v1`.
 * @throws Refused for a model that is not there, or that is not the key's.
 */
export function destinationOf(
  call: { readonly model: string | undefined; readonly path: string; readonly key: ClientKey | undefined },
  running: Running,
): Destination {
  const { model, path, key } = call;
  const { pools } = running;
  if (key?.groups !== undefined && !isByModel(path) && !BY_ID.test(path))
    throw new Refused({
      status: 404,
      message: `The key '${key.name}' may only make calls whose body names a model of its groups.`,
      code: 'model_not_found',
    });
  if (model === undefined) {
    if (key?.groups !== undefined && !BY_ID.test(path)) {
      const message = `The key '${key.name}' may only make calls that name a model of its groups.`;
      throw new Refused({ status: 404, message, code: 'model_not_found', param: 'model' });
    }
    const pool = pools.openai ?? pools.anthropic;
    if (!pool) throw unknownModel('');
    return { pool, model };
  }
  if (model.length > LONGEST_NAME) throw unknownModel(model);
  const [name = '', pin] = pools.groups.has(model) ? [model] : splitAtPin(model, running);
  if (!allows(key, name)) throw unknownModel(model);
  return pools.groups.has(name) ? ofGroup(name, pools.groups.get(name), pin) : beside(model, running);
}

/** `group$pin` taken apart, if there is such a group. */
function splitAtPin(model: string, { pools }: Running): [name: string, pin?: string] {
  const at = model.indexOf('$');
  const name = model.slice(0, at);
  return at > 0 && pools.groups.has(name) ? [name, model.slice(at + 1)] : [model];
}
