// Asks the admin API of a gateway in a test. Over node:http, where every header can be set, the ones of browsers included.
import { request } from 'node:http';

/** What came back. */
export interface AdminReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came.
  readonly body: any;
  readonly text: string;
}

/** What may be set. */
export interface AdminAsk {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of JSON. */
  readonly raw?: string | Buffer;
}

/** Sends something to the admin API. */
export function ask(
  { url }: { readonly url: string },
  method: string,
  path: string,
  body?: unknown,
  { key, headers = {}, raw }: AdminAsk = {},
): Promise<AdminReply> {
  const bytes = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...{ hostname, port, method, path },
        headers: {
          ...(bytes !== undefined && { 'content-type': 'application/json' }),
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          let parsed: unknown;
          try {
            parsed = JSON.parse(text);
          } catch {
            parsed = undefined;
          }
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parsed, text });
        });
      },
    );
    sent.on('error', reject);
    sent.end(bytes);
  });
}

/** The issues of a refusal as `path: message`. */
export const issuesIn = ({ body }: AdminReply): string[] =>
  (body?.error?.issues ?? []).map(({ path, message }: { path: string; message: string }) => `${path}: ${message}`);
