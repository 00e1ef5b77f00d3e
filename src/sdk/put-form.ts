/** A form that is sent as it came: in pieces, so that no attempt holds another copy of it. */
import type { FormBytes } from '../call/form-bytes.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { bringsTransport } from '../endpoint/sdk-client.ts';
import { ConfigurationError } from '../errors.ts';
import { runsUndici } from '../transport/load-undici.ts';
import type { RequestOptions } from './call-of.ts';
import { changedHeaders } from './replayable.ts';

/** Smaller ones are sent as one, which every transport can. */
const SMALL = 65_536;

/**
 * The pieces of a form as a blob that holds no copy of them. Why no stream: of one fetch tells no length, and some versions of Node
 * make a failed connection of a 401.
 */
class FormBlob extends Blob {
  override readonly size: number;
  readonly #form: FormBytes;

  constructor(form: FormBytes) {
    super([]);
    this.#form = form;
    this.size = form.byteLength;
  }

  override stream(): ReturnType<Blob['stream']> {
    return this.#form.stream() as ReturnType<Blob['stream']>;
  }

  override slice(...given: Parameters<Blob['slice']>): Blob {
    return this.#copy().slice(...given);
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.#copy().arrayBuffer();
  }

  override text(): Promise<string> {
    return this.#copy().text();
  }

  override bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.arrayBuffer().then((all) => new Uint8Array(all));
  }

  #copy(): Blob {
    return new Blob(this.#form.pieces as Uint8Array<ArrayBuffer>[]);
  }
}

/** True where what sends it is known to read a blob as its stream. */
function takesPieces({ settings }: Endpoint): boolean {
  const { fetch } = settings.options as { fetch?: unknown };
  return runsUndici && !settings.client && !bringsTransport(settings) && fetch === undefined;
}

/**
 * Puts the bytes of a form into the options of an attempt.
 * @param plain nobody looks at them before they go out.
 * @throws ConfigurationError where the endpoint's name of the model cannot stand in it.
 */
export function putForm(own: RequestOptions, form: FormBytes, endpoint: Endpoint, plain: boolean): void {
  if (!form.sound)
    throw new ConfigurationError('invalid_value', 'The name of the model at an endpoint cannot stand in this form.');
  own.body = form.byteLength > SMALL && plain && takesPieces(endpoint) ? new FormBlob(form) : form.bytes;
  const change = (headers: Headers) => {
    headers.set('content-type', form.type);
    headers.delete('content-length');
  };
  own.headers = changedHeaders(own.headers, change) as NonNullable<RequestOptions['headers']>;
}
