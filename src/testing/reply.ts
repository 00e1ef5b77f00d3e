/**
 * The answer of a healthy server, before it is put on the wire: made by the `healthy-*.ts` files, sent by `send-reply.ts`,
 * which can also break it on the way.
 */
import type { ServerRequest } from './server-request.ts';
import type { Shelf } from './shelf.ts';
import type { AnswerOptions } from './steps.ts';

/** An answer: whole, or as server-sent events in three parts, of which only the content counts as events of a script. */
export type Reply =
  | { is: 'whole'; status: number; type: string; bytes: Buffer; headers?: Readonly<Record<string, string>> }
  | { is: 'events'; preamble: string[]; content: string[]; ending: string[] };

/** What a healthy answer is made from. */
export interface Ask {
  readonly request: ServerRequest;
  /** The server's name, echoed in the answer. */
  readonly server: string;
  /** What has been created on this server. */
  readonly shelf: Shelf;
  /** The files of a multipart body, by field name. */
  readonly contents: ReadonlyMap<string, Buffer>;
  /** The models the server lists. */
  readonly models: readonly string[];
  readonly options: AnswerOptions;
  /** How many content events were asked for, if a number was given. */
  readonly events: number | undefined;
}

/** A JSON answer. */
export function json(body: unknown, status = 200): Reply {
  return { is: 'whole', status, type: 'application/json', bytes: Buffer.from(JSON.stringify(body)) };
}

/** Bytes of some type. */
export function binary(type: string, bytes: Buffer): Extract<Reply, { is: 'whole' }> {
  return { is: 'whole', status: 200, type, bytes };
}

/** One server-sent event as it stands on the wire. */
export function frame(data: unknown, event?: string): string {
  const line = `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
  return event === undefined ? line : `event: ${event}\n${line}`;
}

/** An error in OpenAI's shape. */
export function refusal(
  status: number,
  message: string,
  facts: { code?: string | null; type?: string; param?: string | null } = {},
): Reply {
  const { code = null, type = 'invalid_request_error', param = null } = facts;
  return json({ error: { message, type, param, code } }, status);
}

/** The request's JSON fields, or the text fields of its multipart body. */
export function fieldsOf(ask: Ask): Record<string, unknown> {
  const { body } = ask.request;
  if (typeof body !== 'object' || body === null) return {};
  return 'fields' in body && 'files' in body
    ? (body.fields as Record<string, unknown>)
    : (body as Record<string, unknown>);
}

/** Whether the caller wants server-sent events. */
export function wantsStream(ask: Ask): boolean {
  const { stream } = fieldsOf(ask);
  return stream === true || stream === 'true';
}

/** Seconds since 1970, for `created` and `created_at`. */
export function epochSeconds(): number {
  return Math.floor((performance.timeOrigin + performance.now()) / 1000);
}

/** The pieces of text of an answer: as many as asked for, each naming the server, so that a splice of two answers shows. */
export function textPieces(ask: Ask, fallback: string): string[] {
  const { options, events, server } = ask;
  if (events === undefined) return (options.text ?? fallback).split(/(?<= )/).filter((piece) => piece !== '');
  if (options.text === undefined) return Array.from({ length: events }, (_, i) => `${server}-${i} `);
  const all = [...options.text];
  return Array.from({ length: events }, (_, i) =>
    all.slice(Math.floor((i * all.length) / events), Math.floor(((i + 1) * all.length) / events)).join(''),
  );
}

/** A rough count of tokens: one per four characters. */
export function tokens(value: unknown): number {
  return Math.ceil((typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).length / 4);
}
