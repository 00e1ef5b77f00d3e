/** What a gateway refuses to be: open to strangers, or its own endpoint. Asked before it starts, and before it takes another configuration. */
import type { GatewaySettings } from '../config/settings.ts';
import { isLoopback } from '../http/guard.ts';

/** The gateway cannot be run so; the message says what to do. */
export class CannotStart extends Error {}

/** @throws CannotStart where strangers could reach it without keys. @param stored how many keys the store has. */
export function checkHost(host: string, { clientKeys }: GatewaySettings, stored: number): void {
  if (isLoopback(host) || clientKeys.length + stored > 0) return;
  throw new CannotStart(
    `Without client keys the gateway listens on this machine only, and ${host} is reached from others: anybody there could spend your money. Add clientKeys to the configuration, make one with 'load-balanced-openai keys create NAME', or leave --host out.`,
  );
}

/** @throws CannotStart where it would call itself, as when `OPENAI_BASE_URL` is meant for its clients. @param own its port. */
export function checkCircle({ endpoints }: GatewaySettings, own: number): void {
  const itself = endpoints.find(({ baseURL }) => {
    const { hostname, port, protocol } = new URL(baseURL === '' ? 'http://unknown' : baseURL);
    return isLoopback(hostname) && Number(port || (protocol === 'https:' ? 443 : 80)) === own;
  });
  if (itself)
    throw new CannotStart(
      `Endpoint ${itself.name} is this gateway itself (${itself.baseURL}). Is OPENAI_BASE_URL set, which is meant for its clients? Give the endpoint a baseURL of its own.`,
    );
}
