/** How an API says that a call failed: OpenAI's in its words, the Messages API in its own. */
import type { ServerResponse } from 'node:http';
import { isMessages } from '../anthropic/ask-for-message.ts';
import { messageError } from '../anthropic/message-error.ts';
import { written } from '../anthropic/server-events.ts';
import { type ErrorFacts, errorBody } from '../http/api-error.ts';
import { writeError } from '../http/write-reply.ts';

/** One API's way of failing. */
export interface Front {
  /** The body of an error reply. @param id the call's. */
  error(facts: ErrorFacts, id: string): object;
  /** The last event of a stream that broke. */
  broken(facts: ErrorFacts): string;
  /** The header that a call's id has there, besides `x-request-id`. */
  readonly idHeader?: string;
}

const messages: Front = {
  error: messageError,
  broken: (facts) => written(messageError(facts)),
  idHeader: 'request-id',
};

/** The streams of chat have events without names. */
const NAMELESS = /^\/(chat\/)?completions/;

/** The API of a path below `/v1`. */
export function frontOf(path: string): Front {
  if (isMessages(path)) return messages;
  return {
    error: errorBody,
    broken: (facts) => {
      const { error } = errorBody(facts);
      if (NAMELESS.test(path)) return `data: ${JSON.stringify({ error })}\n\n`;
      return `event: error\ndata: ${JSON.stringify({ type: 'error', ...error, error })}\n\n`;
    },
  };
}

/** Writes an error as the API of its call says it. @param call its path below `/v1` and its id. */
export function writeFrontError(
  { response, path, id }: { readonly response: ServerResponse; readonly path: string; readonly id: string },
  facts: ErrorFacts,
  headers: Readonly<Record<string, string>>,
): void {
  const { error, idHeader = 'x-request-id' } = frontOf(path);
  writeError(response, facts, { 'x-request-id': id, [idHeader]: id, ...headers }, error(facts, id));
}
