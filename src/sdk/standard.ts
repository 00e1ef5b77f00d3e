/** Knows an SDK client that nobody changed: what the pool does in its place must be what it would do. */
import { AzureOpenAI, OpenAI } from 'openai';
import type { EndpointSettings } from '../config/settings.ts';

/** By which a request is built and goes out. */
const NAMES = [
  ...(['request', 'makeRequest', 'fetchWithAuth', 'fetchWithTimeout', 'prepareOptions', 'buildRequest'] as const),
  ...(['buildURL', 'buildHeaders', 'buildBody', 'authHeaders', 'bearerAuth', 'adminAPIKeyAuth'] as const),
  ...(['validateHeaders', 'getUserAgent', 'defaultQuery'] as const),
] as const;

type Members = Readonly<Record<(typeof NAMES)[number], unknown>>;

/** True for a method as a class writes it. Why: who puts a function of his own there may have done so before this module came. */
function isMethod(value: unknown, name: string): boolean {
  return new RegExp(`^(async\\s+)?${name}\\s*\\(`).test(Function.prototype.toString.call(value));
}

/** In the place of a member that is not the SDK's own: no client has it. */
const CHANGED = Symbol('changed');

/** As they are before anybody changes them; versions of the SDK that have no such member have `undefined` there. */
function membersOf({ prototype }: typeof OpenAI): Members {
  const members = prototype as unknown as Members;
  const own = NAMES.map((name) => {
    const member = members[name];
    return [name, member === undefined || isMethod(member, name) ? member : CHANGED];
  });
  return Object.fromEntries(own) as Members;
}

const OWN: Readonly<Record<EndpointSettings['type'], Members>> = {
  openai: membersOf(OpenAI),
  azure: membersOf(AzureOpenAI),
};

/** True when this client of an endpoint builds its requests and sends them as the SDK does. */
export function isStandard(client: OpenAI, type: EndpointSettings['type']): boolean {
  const members = client as unknown as Members;
  const own = OWN[type];
  for (const name of NAMES) if (members[name] !== own[name]) return false;
  return true;
}
