/** The body of a reply that comes as one: read to its end and checked before anything of it is handed out. */
import { constants } from 'node:buffer';
import { filteredAnswer } from '../../errors.ts';
import { oversized } from '../../sdk/bounded-body.ts';
import { isWritten } from '../../sdk/read-bytes.ts';
import { keepRefusal } from '../../sdk/refusals.ts';
import { checkReply, isFiltered } from '../../sdk/reply-checks.ts';
import { translate } from '../../sdk/reply-failures.ts';
import type { Sink } from '../../transport/incoming.ts';
import type { AttemptFacts } from './attempt-facts.ts';

const BAD_GATEWAY = 502;
const NOTHING: Buffer = Buffer.alloc(0);

/** A body that was read. */
export interface WholeBody {
  readonly bytes: Buffer;
  /** What it says is an object, whatever its headers say. */
  readonly isObject: boolean;
}

const isJson = (type: string | undefined) =>
  type !== undefined && (type === 'application/json' || type.startsWith('application/json;'));

/** A mark at the beginning says how the text is written, and is no part of it. */
const textOf = (bytes: Buffer) => (bytes[0] === 0xef ? new TextDecoder().decode(bytes) : bytes.toString());

/** What the body says, as the SDK reads it. */
function readAs(type: string | undefined, text: string): unknown {
  if (text === '') return undefined;
  return isJson(type) || /[/+]json\b/.test(type?.toLowerCase() ?? '') ? JSON.parse(text) : text;
}

function checked(facts: AttemptFacts, bytes: Buffer): WholeBody {
  const { call, reply } = facts;
  const data = checkReply(call, readAs(reply.header('content-type'), textOf(bytes)), reply.headers);
  const body: WholeBody = { bytes, isObject: typeof data === 'object' && data !== null };
  if (typeof data !== 'object' || data === null) return body;
  facts.noteUsage(data);
  const find = facts.finder;
  if (find) facts.learnIds(find(data));
  if (isFiltered(data) && facts.mayMoveFiltered) throw filteredAnswer(body, reply.headers);
  return body;
}

class Whole implements Sink {
  readonly #facts: AttemptFacts;
  readonly #limit: number;
  readonly #resolve: (body: WholeBody) => void;
  readonly #reject: (error: unknown) => void;
  #parts: Buffer[] = [];
  #size = 0;

  constructor(facts: AttemptFacts, resolve: (body: WholeBody) => void, reject: (error: unknown) => void) {
    this.#facts = facts;
    this.#limit = Math.min(facts.core.settings.maxResponseBytes, constants.MAX_STRING_LENGTH);
    this.#resolve = resolve;
    this.#reject = reject;
  }

  push(part: Buffer): void {
    this.#size += part.length;
    if (this.#size <= this.#limit) {
      this.#parts.push(part);
      return;
    }
    const { reply } = this.#facts;
    this.#parts = [];
    this.#reject(this.#facts.safe(oversized(reply.headers, this.#size, part, this.#limit)));
    reply.stop();
  }

  end(): void {
    const parts = this.#parts;
    const bytes = parts.length === 1 ? (parts[0] as Buffer) : parts.length === 0 ? NOTHING : Buffer.concat(parts);
    try {
      this.#resolve(checked(this.#facts, bytes));
    } catch (error) {
      const { reply, safe } = this.#facts;
      const shown = safe(translate(error));
      // Nothing in an error object says that it is one to whoever looks at the status.
      if (isWritten(shown))
        keepRefusal(shown, new Response(null, { headers: reply.headers }), bytes, safe, BAD_GATEWAY);
      this.#reject(shown);
    }
  }

  fail(error: unknown): void {
    this.#reject(this.#facts.safe(translate(error)));
  }
}

/** Reads it. @throws what makes the call go on elsewhere. */
export function readWhole(facts: AttemptFacts): Promise<WholeBody> {
  return new Promise((resolve, reject) => facts.reply.pipe(new Whole(facts, resolve, reject)));
}
