/** Decides whether a call asks for a list over the pool, and if so answers it: the bridge between the seam and merging. */

import type { OpenAI } from 'openai';
import type { Call } from '../call/call.ts';
import { collectionOf } from '../call/collections.ts';
import { operationOf } from '../call/operations.ts';
import type { Steering } from '../call/steering.ts';
import { namesAuthentication } from '../config/headers.ts';
import type { Noted } from './attempts.ts';
import { withRequestId } from './balanced-promise.ts';
import { callOf, PAGE_ENDPOINT, type RequestOptions } from './call-of.ts';
import type { Core } from './core.ts';
import { discreet } from './discreet.ts';
import { Handover, type Served } from './handover.ts';
import { ListParts, type SendPart } from './list-parts.ts';
import { mergedPage, type Union } from './merged-list.ts';
import type { SdkReply } from './sdk-reply.ts';

/** Query fields that name an object: then the list belongs to whoever has that. */
const NAMES_ID = /_ids?$/;

/** The parameters of a call, those written into its path included. */
function queryOf({ path, query }: RequestOptions): Record<string, unknown> {
  const [, written = ''] = path.split('#', 1)[0]?.split('?') ?? [];
  return { ...Object.fromEntries(new URLSearchParams(written)), ...(query as object | null | undefined) };
}

/** The list that `options` ask for, if more than one endpoint has a part of it. */
export function unionOf(options: RequestOptions, { pool }: Core, steering: Steering): Union | undefined {
  const { method, path, headers, __metadata, stream, __binaryResponse } = options;
  if (method !== 'get' || steering.endpoint !== undefined || stream || __binaryResponse) return undefined;
  const collection = collectionOf(path);
  if (!collection || __metadata?.[PAGE_ENDPOINT] !== undefined) return undefined;
  // Credentials that a call brings along are of one account, and nothing to show to all others.
  if (headers && namesAuthentication(headers)) return undefined;
  const { name } = operationOf(method, path);
  const endpoints = pool.endpoints.filter((each) => !each.drained && !each.unfit(undefined, name, steering.tags));
  if (endpoints.length < 2) return undefined;
  const query = queryOf(options);
  return Object.keys(query).some((field) => NAMES_ID.test(field)) ? undefined : { collection, endpoints, query };
}

function handOut(
  core: Core,
  call: Call,
  options: RequestOptions,
  body: object,
  parts: ListParts,
  handover: Handover,
): object {
  announce(core, parts, call.operation.name);
  const response = new Response(JSON.stringify(body), { headers: parts.headers });
  const own = discreet({ ...options });
  for (const thing of [response, body]) handover.remember(thing);
  handover.union = { body: withRequestId(body, response), options: own, response };
  handover.tellHeaders({
    requestLogID: call.id,
    retryOfRequestLogID: undefined,
    startTime: call.startedAt,
    controller: new AbortController(),
    response,
    options: own,
  });
  return body;
}

/** What answering needs of the client that the call was made on. */
export interface ListCaller {
  readonly client: OpenAI;
  readonly core: Core;
  readonly steering: Steering;
}

/** The endpoint that answers for a cursor which nobody has. */
function answersFor(core: Core, { endpoints, query }: Union): string {
  const cursor = query.after ?? query.before;
  const owner = typeof cursor === 'string' ? core.affinity.ownerOf(cursor) : undefined;
  const wanted = [owner, core.settings.affinity.home];
  const names = endpoints.map(({ name }) => name);
  return wanted.find((name) => name !== undefined && names.includes(name)) ?? (names[0] as string);
}

function announce({ settings, events, log }: Core, parts: ListParts, operation: string): void {
  for (const {
    endpoint: { name },
    reason,
    callId,
  } of parts.gaps.missing.values()) {
    log.listPartial(name, operation, reason);
    const at = settings.clock.date();
    events.emit({ type: 'list-partial', at, ...(callId && { callId }), endpoint: name, operation, reason });
  }
}

/** The door of the seam, for what a list sends. */
export type Serve<Caller> = (
  caller: Caller,
  options: RequestOptions,
  retries: number | null,
  handover: Handover,
) => Promise<unknown>;

/** Decisions kept of all parts. */
const MOST_DECISIONS = 16;

/** Answers for the whole pool; where nobody has the cursor, one endpoint does so alone. @throws what the caller shall see. */
export async function serveUnion<Caller extends ListCaller>(
  caller: Caller,
  union: Union,
  options: RequestOptions,
  serve: Serve<Caller>,
  handover: Handover,
): Promise<unknown> {
  const { core, client, steering } = caller;
  const { settings } = core;
  const defaults = { timeout: client.timeout, maxRetries: client.maxRetries, steering };
  const call = callOf(options, 'free', defaults, settings, settings.clock);
  const [path = ''] = options.path.split(/[?#]/, 1);
  const decisions: Noted[] = [];
  const send: SendPart = async (part, facts) => {
    const own = new Handover(false, facts);
    try {
      const body = await serve(caller, part, null, own);
      const { attempt } = own.served as Served;
      return { body, headers: (attempt.reply as SdkReply).headers };
    } finally {
      facts.reports = own.told.reports;
      decisions.push(...(own.told.decisions ?? []));
    }
  };
  const parts = new ListParts(core, call, { ...options, path }, union.endpoints, send);
  try {
    const body = await mergedPage(core, union, parts);
    if (body) return handOut(core, call, options, body, parts, handover);
    // Who is missing may have the cursor.
    parts.gaps.throwIfAny();
  } finally {
    handover.told.reports = parts.reports;
    handover.told.decisions = decisions.slice(0, MOST_DECISIONS);
  }
  const __metadata = { ...options.__metadata, [PAGE_ENDPOINT]: answersFor(core, union) };
  return serve(caller, { ...options, __metadata }, null, handover);
}

/** The options that later pages start from. */
export function pageOptionsOf({ union, served }: Handover): RequestOptions {
  if (union) return union.options;
  const { options, attempt } = served as Served;
  return discreet({ ...options, __metadata: { ...options.__metadata, [PAGE_ENDPOINT]: attempt.endpoint.name } });
}
