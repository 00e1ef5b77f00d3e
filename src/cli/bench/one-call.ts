/** One call of the bench: how long it took, who served it, and what went wrong with it. */
import type { IncomingMessage } from 'node:http';
import { type Target, textOf } from './target.ts';

/** What became of a call. */
export interface CallResult {
  /** From its first byte out to its last byte in, ms. */
  readonly ms: number;
  /** Until the first piece of content, ms; of streams only. */
  readonly firstMs: number | undefined;
  /** Why it failed, in a few words; `undefined` when it did not. */
  readonly problem: string | undefined;
  /** As the gateway names it. */
  readonly endpoint: string | undefined;
  readonly attempts: number | undefined;
}

/** Longer than any answer of a few words. */
const TIMEOUT = 120_000;

const header = ({ headers }: IncomingMessage, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** `429 rate_limit_exceeded`: the status, and the code that an error of the API's shape gives. */
function refusal(status: number, text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: unknown; type?: unknown } };
    const code = error?.code ?? error?.type;
    return typeof code === 'string' || typeof code === 'number'
      ? `${status} ${String(code).slice(0, 60)}`
      : `${status}`;
  } catch {
    return `${status}`;
  }
}

/** What an event says: content, an error, the end, or nothing of these. */
function meaning(data: string): 'content' | 'end' | 'other' | { readonly error: string } {
  if (data === '[DONE]') return 'end';
  try {
    const { error, choices } = JSON.parse(data) as {
      error?: { code?: unknown };
      choices?: readonly { delta?: { content?: unknown } }[];
    };
    if (error) return { error: `the stream broke${typeof error.code === 'string' ? `: ${error.code}` : ''}` };
    return choices?.some(({ delta }) => typeof delta?.content === 'string' && delta.content !== '')
      ? 'content'
      : 'other';
  } catch {
    return 'other';
  }
}

interface StreamRead {
  readonly firstAt: number | undefined;
  readonly problem: string | undefined;
}

/** Reads a stream to its end. */
async function readStream(reply: IncomingMessage): Promise<StreamRead> {
  let firstAt: number | undefined;
  let problem: string | undefined = 'the stream ended early';
  let rest = '';
  for await (const piece of reply.setEncoding('utf8')) {
    const lines = (rest + (piece as string)).split(/\r?\n/);
    rest = lines.pop() as string;
    for (const line of lines) {
      // What comes between the first word and the end is of no interest, and reading it would take time.
      if (!line.startsWith('data:')) continue;
      const data = line.slice(5).trim();
      if (firstAt !== undefined && data !== '[DONE]' && !data.includes('"error"')) continue;
      const means = meaning(data);
      if (means === 'content') firstAt ??= performance.now();
      else if (means === 'end') problem = undefined;
      else if (typeof means === 'object') return { firstAt, problem: means.error };
    }
  }
  return { firstAt, problem };
}

/** What an error that was thrown is called. */
function nameOf(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  return name === 'TimeoutError' ? 'no answer in time' : (code ?? name ?? 'unknown');
}

/**
 * Makes one call and reads it to its end. Never rejects.
 * @param stopped ends it; it is then no call that failed, and not counted.
 */
export async function oneCall(
  target: Target,
  { body, stream }: { body: string; stream: boolean },
  stopped: AbortSignal,
): Promise<CallResult | undefined> {
  const begun = performance.now();
  // Why a timer of its own: one signal made of two costs more than the call.
  const abort = new AbortController();
  const end = () => abort.abort(stopped.reason);
  const late = setTimeout(() => abort.abort(new DOMException('late', 'TimeoutError')), TIMEOUT);
  stopped.addEventListener('abort', end, { once: true });
  let [firstAt, problem]: [number | undefined, string | undefined] = [undefined, undefined];
  let reply: IncomingMessage | undefined;
  try {
    reply = await target.send({ method: 'POST', path: '/chat/completions', body, signal: abort.signal });
    const { statusCode = 0 } = reply;
    if (statusCode !== 200) problem = refusal(statusCode, await textOf(reply));
    else if (stream) ({ firstAt, problem } = await readStream(reply));
    else await textOf(reply);
  } catch (error) {
    const name = nameOf(abort.signal.aborted ? abort.signal.reason : error);
    problem = reply ? `the reply broke: ${name}` : name;
  } finally {
    clearTimeout(late);
    stopped.removeEventListener('abort', end);
  }
  if (stopped.aborted && problem !== undefined) return undefined;
  const attempts = reply && Number(header(reply, 'x-attempts') ?? Number.NaN);
  return {
    ms: performance.now() - begun,
    firstMs: firstAt === undefined ? undefined : firstAt - begun,
    problem,
    endpoint: reply && header(reply, 'x-endpoint'),
    attempts: Number.isFinite(attempts) ? attempts : undefined,
  };
}
