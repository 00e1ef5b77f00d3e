/**
 * A call of the Messages API over a pool: to Anthropic's endpoints as it is, to OpenAI's by translation. Where a pool has both,
 * its strategy says who is asked first; then the others of that kind are, and the other kind when nobody of it could serve.
 */
import { JsonText } from '../../call/json-text.ts';
import { ConfigurationError, NoEndpointAvailableError } from '../../errors.ts';
import { Refused } from '../http/api-error.ts';
import type { MessageWay } from '../pools/message-ways.ts';
import { attemptsBehind, decisionsBehind, type Exchange, exchange, type Reply } from '../port/port.ts';
import type { Destination } from '../running/destination.ts';
import { chatCall } from './chat-call.ts';
import { estimatedTokens } from './count-tokens.ts';
import { firstChoice } from './first-choice.ts';
import { wrongField } from './read-fields.ts';
import { translatedError, translatedMessage, translatedStream } from './translated-body.ts';
import { MessageWatch, watched } from './watch-message.ts';

/** Where messages are made, and where their tokens are counted. */
const MESSAGES = '/messages';
const COUNT = '/messages/count_tokens';

/** Replies after which somebody of the other kind may do better. */
const mayMove = (status: number) => [401, 402, 403, 404, 408, 429].includes(status) || status >= 500;

/** Errors that say of a kind only that nobody of it is there. */
const isNobody = (error: unknown) => error instanceof NoEndpointAvailableError || error instanceof ConfigurationError;

const isEvents = ({ headers }: Reply) => /^text\/event-stream/i.test(headers.get('content-type') ?? '');

function made(body: object, of: Partial<Reply>): Reply {
  const headers = new Headers(of.headers);
  headers.set('content-type', 'application/json');
  const bytes = Buffer.from(JSON.stringify(body));
  headers.set('content-length', String(bytes.byteLength));
  const rest = { status: 200, room: {}, tells: () => false, alone: true, attempts: () => [], decisions: () => [] };
  return { ...rest, ...of, headers, body: new Blob([bytes]).stream() };
}

/** Headers of a stream, whose length may change: by translation, or by an error at its end. */
function unmeasured(reply: Reply): Headers {
  const headers = new Headers(reply.headers);
  headers.delete('content-length');
  return headers;
}

async function natively(way: MessageWay, call: Exchange): Promise<Reply> {
  const reply = await exchange(way.client, call);
  if (!reply.body || !isEvents(reply)) return reply;
  const watch = new MessageWatch();
  const attempts: Reply['attempts'] = () =>
    reply.attempts().map((one, at, all) => (at === all.length - 1 ? { ...one, usage: watch.usage ?? one.usage } : one));
  return { ...reply, headers: unmeasured(reply), body: watched(reply.body, watch), attempts };
}

async function translated(way: MessageWay, call: Exchange, body: JsonText, id: string): Promise<Reply> {
  const value = { ...body.value, model: call.asked };
  if (call.path === COUNT) return made({ input_tokens: estimatedTokens(value) }, {});
  const headers = new Headers(call.headers);
  for (const name of [...headers.keys()]) if (name.startsWith('anthropic-')) headers.delete(name);
  headers.set('content-type', 'application/json');
  const chat = body.withValue(chatCall(value));
  const reply = await exchange(way.client, {
    ...{ method: 'post', path: '/chat/completions', headers, body: chat, signal: call.signal },
    ...{ asked: call.asked, endpoint: call.endpoint, prefer: call.prefer },
  });
  const name = { id: id.replace(/^req/, 'msg'), model: String(body.value.model) };
  if (reply.status >= 400) return made(await translatedError(reply.status, reply.body, id), reply);
  if (reply.status >= 300) return reply;
  if (!reply.body || !isEvents(reply)) return made(await translatedMessage(reply.body, name), reply);
  return { ...reply, headers: unmeasured(reply), body: translatedStream(reply.body, name) };
}

/** Is it a call of the Messages API? @param path below `/v1`. */
export const isMessages = (path: string): boolean => path === MESSAGES || path.startsWith(`${MESSAGES}/`);

/** @throws Refused for what is none of the calls that are served here. */
function checked({ method, path, body, asked }: Exchange): JsonText {
  if (path !== MESSAGES && path !== COUNT) {
    const message = `There is no such path; of the Messages API there are /v1${MESSAGES} and /v1${COUNT}.`;
    throw new Refused({ status: 404, message, code: 'unknown_path' });
  }
  if (method !== 'post')
    throw new Refused({ status: 405, message: 'There is only POST here.', code: 'unknown_method' });
  if (!(body instanceof JsonText)) throw wrongField('body', 'Input should be a JSON object');
  if (asked === undefined) throw wrongField('model', 'Field required');
  return body;
}

/** The ways with that of this endpoint first. */
const inOrder = (ways: readonly MessageWay[], name: string | undefined): readonly MessageWay[] =>
  name === undefined ? ways : [...ways].sort((a, b) => +b.members.includes(name) - +a.members.includes(name));

/**
 * Makes the call.
 * @param id the call's own.
 * @throws what `exchange` throws; Refused for what the endpoints of this model cannot be asked.
 */
export async function askForMessage({ pool, endpoint }: Destination, call: Exchange, id: string): Promise<Reply> {
  const body = checked(call);
  const fitting = pool.messages.filter(({ members }) => endpoint === undefined || members.includes(endpoint));
  const first = fitting.length > 1 ? firstChoice(pool.client, call, body) : undefined;
  const ways = inOrder(fitting, first?.name);
  const before: Pick<Reply, 'attempts' | 'decisions'>[] = [];
  const all = (reply: Reply): Reply => {
    const earlier = [...before];
    return {
      ...reply,
      attempts: () => [...earlier.flatMap(({ attempts }) => attempts()), ...reply.attempts()],
      decisions: () => [...earlier.flatMap(({ decisions }) => decisions()), ...reply.decisions()],
    };
  };
  let best: { readonly reply: Reply } | { readonly error: unknown } | undefined;
  for (const [index, way] of ways.entries()) {
    try {
      const own = index === 0 && first ? { ...call, prefer: first.name } : call;
      const reply = await (way.native ? natively(way, own) : translated(way, own, body, id));
      if (reply.status < 300) first?.served(reply.attempts().at(-1)?.endpoint ?? '');
      if (!mayMove(reply.status) || index === ways.length - 1) {
        if (best && 'reply' in best) await best.reply.body?.cancel();
        return all(reply);
      }
      best = { reply: all(reply) };
      before.push(reply);
    } catch (error) {
      if (call.signal.aborted) throw error;
      if (!best || !isNobody(error)) best = { error };
      const [behind, why] = [attemptsBehind(error), decisionsBehind(error)];
      before.push({ attempts: () => behind, decisions: () => why });
    }
  }
  if (best && 'reply' in best) return best.reply;
  throw best?.error;
}
