/** Answers what is no call: the pages that a gateway shows of itself. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CallSurroundings } from '../call/call-surroundings.ts';
import { metricsType } from '../figures/metrics.ts';
import { statusPage, telling } from '../figures/status-pages.ts';
import { notForReading, Refused } from '../http/api-error.ts';
import { isProxied, refuseForeign } from '../http/guard.ts';
import { writeJson } from '../http/write-reply.ts';
import type { Running } from '../running/running.ts';
import { isDashboard, showDashboard } from './dashboard.ts';

/**
 * Writes the page of a path. What tells more than that it is there is for this machine, or for who has a key.
 * @param local the gateway is reached from this machine alone.
 * @throws Refused when there is no such page, or not for this one.
 */
export function showPage(
  message: IncomingMessage,
  response: ServerResponse,
  path: string,
  local: boolean,
  running: Running,
  around: CallSurroundings,
): void {
  const { headers, method } = message;
  if (isDashboard(path)) {
    showDashboard(message, response, path);
    return;
  }
  const { access } = running;
  if (telling.has(path)) {
    if (!local || isProxied(headers)) access.visitor(headers, message.socket.remoteAddress ?? '');
    if (local && !access.client(headers) && !access.admin(headers)) refuseForeign(headers);
  }
  if (method !== 'GET' && method !== 'HEAD') throw notForReading();
  const { clock, figures, since, leaving, store } = around;
  const facts = { running, figures, now: clock.date(), since, closing: leaving(), store: store.state };
  const page = statusPage(path, facts);
  if (!page)
    throw new Refused({
      status: 404,
      message: 'There is no such path; the API begins with /v1/.',
      code: 'unknown_path',
    });
  if (typeof page.body === 'object') {
    writeJson(response, page.status, page.body);
    return;
  }
  response.writeHead(page.status, { 'content-type': metricsType });
  response.end(page.body);
}
