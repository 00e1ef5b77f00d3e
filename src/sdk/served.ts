/** A served call between its headers and its end: how it is handed out, and what is learnt when that is over. */
import type { StreamEnd } from '../dispatch/watched.ts';
import { abortError } from '../errors.ts';
import { shareBody } from './bounded-body.ts';
import type { Served } from './handover.ts';
import { linkAbort } from './link-abort.ts';
import type { SdkReply } from './sdk-reply.ts';
import { cachedTokens } from './usage.ts';

/** Whoever served the call has what it names. */
function noteOwner({ core, unknown, attempt }: Served): void {
  if (!unknown) return;
  core.affinity.learn(
    unknown.map(({ id }) => id),
    attempt.endpoint.name,
  );
}

function noteCache({ story, attempt, core }: Served): void {
  if (story.call.prompt.conversation === undefined) return;
  core.conversations.told(story.call, attempt.endpoint, cachedTokens(attempt.report.usage));
}

/** The call was served: its prompt is in an endpoint's cache now, and the reply may say whether it was before. */
export function noteServed(served: Served): void {
  const { story, attempt, core } = served;
  core.conversations.served(story.call, attempt.endpoint);
  noteCache(served);
  noteOwner(served);
}

/** The caller took the `Response` at its headers: what happens to its body is his affair. */
export function handRaw(served: Served): void {
  const { story, attempt, core } = served;
  const reply = attempt.reply as SdkReply;
  served.raw = true;
  served.bodies.forget();
  core.dispatcher.headsOnly(story, attempt);
  core.dispatcher.settle(story, attempt, { is: 'reply', status: reply.status, headers: reply.headers });
  core.dispatcher.finish(story, true);
  core.conversations.served(story.call, attempt.endpoint);
  noteOwner(served);
  linkAbort(story.call.signal, attempt.ending.controller, reply.response);
}

/** Both the parsed reply and the `Response` are wanted: a buffered body is read once, for both. */
export function share({ options, attempt, core }: Served): void {
  const { response } = attempt.reply as SdkReply;
  if (!options.stream && !options.__binaryResponse && response.body)
    shareBody(response, core.settings.maxResponseBytes);
}

/**
 * Resolves to whether the caller reads the bytes of a stream himself, although somebody awaits it parsed as well: some
 * tracers do that to every promise. Others ask for every response and read none, so only time can tell: whoever was given
 * a response and wants its bytes has begun to read them a turn later.
 */
export async function readByCaller({ options, attempt }: Served): Promise<boolean> {
  if (!options.stream) return false;
  const { response } = attempt.reply as SdkReply;
  await new Promise((resolve) => setImmediate(resolve));
  return response.body?.locked ?? false;
}

/**
 * Nobody asked for the reply yet. Its place at the endpoint is given free, so that a promise that is never awaited holds
 * none; whoever awaits it later still gets a checked body, and failover if that fails.
 */
export function letRest({ story, attempt, core, bodies }: Served): void {
  bodies.forget();
  core.dispatcher.headsOnly(story, attempt);
  attempt.endpoint.state.release(attempt.load);
  story.rest(() => {
    if (story.read) return;
    const { status, headers } = attempt.reply as SdkReply;
    core.dispatcher.settle(story, attempt, { is: 'reply', status, headers });
    core.dispatcher.finish(story, true);
  });
}

/** A stream that was handed out is over. */
export function streamEnded(served: Served, end: StreamEnd): void {
  const { story, attempt, core } = served;
  const reply = attempt.reply as SdkReply;
  served.unlink();
  if (end.is === 'failed') {
    const { error, late } = end;
    served.handover.remember(error);
    const cut = late ? ({ cut: 'deadline' } as const) : {};
    core.dispatcher.settle(story, attempt, { is: 'error', error, phase: 'body', sent: 'maybe', ...cut });
  } else if (end.is === 'left' && (!end.said || story.call.signal?.aborted)) {
    // The caller gave up: that says nothing about the endpoint.
    const error = abortError(story.call.signal);
    core.dispatcher.settle(story, attempt, { is: 'error', error, phase: 'body', sent: 'maybe' });
  } else core.dispatcher.settle(story, attempt, { is: 'reply', status: reply.status, headers: reply.headers });
  noteCache(served);
  core.dispatcher.finish(story, end.is !== 'failed');
}
