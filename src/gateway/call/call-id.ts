/** Ids of calls. */
import { randomBytes } from 'node:crypto';

/** Not the same in two processes, nor twice in one. */
const START = randomBytes(8).toString('hex');
let calls = 0;

/** The id of another call. */
export function newCallId(): string {
  calls += 1;
  return `req_${START}${calls.toString(36).padStart(6, '0')}`;
}
