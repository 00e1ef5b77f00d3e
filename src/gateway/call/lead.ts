/** Leads a call to where it goes, and keeps tenants apart on the way. */
import type { ServerResponse } from 'node:http';
import type { MadeBy, ObjectCall } from '../keys/made-by.ts';
import { type Destination, destinationOf } from '../running/destination.ts';
import type { Running } from '../running/running.ts';

/**
 * Where a call goes.
 * @param response what it is answered by.
 * @throws Refused for a model or an object that is not there, or that is not the key's.
 */
export function lead(
  call: ObjectCall & { readonly model: string | undefined },
  response: ServerResponse,
  running: Running,
  madeBy: MadeBy,
): Destination {
  madeBy.check(call);
  const to = destinationOf(call, running);
  madeBy.watch(call, response);
  return to;
}
