/** The models that the configuration names, as `GET /v1/models` lists them. */

import type { ClientKey } from '../config/settings.ts';
import { unknownModel } from '../http/api-error.ts';
import { writeJson } from '../http/write-reply.ts';
import { modelAnswer } from '../running/model-list.ts';
import type { Running } from '../running/running.ts';
import type { Receiver } from './hand-on-reply.ts';

/**
 * Lists them, or shows one. What else is done with them is for the endpoints.
 * @param since when the gateway began, in ms since 1970.
 * @returns false where the endpoints are to be asked.
 * @throws Refused for a model that is not there, or not the key's.
 */
export function showModels(
  to: Receiver,
  method: string,
  key: ClientKey | undefined,
  running: Running,
  since: number,
): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const answer = modelAnswer(to.path, running, key, Math.floor(since / 1_000));
  if (!answer) return false;
  if ('unknown' in answer) throw unknownModel(answer.unknown);
  const body = 'one' in answer ? answer.one : { object: 'list', data: answer.list };
  to.begun(200);
  writeJson(to.response, 200, body, { 'x-request-id': to.id });
  return true;
}
