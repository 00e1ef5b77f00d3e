// Cuts recorded streams, reads what comes of it, and judges it by the recording: which part of one answer it may be.
import OpenAI from 'openai';
import { expect } from 'vitest';
import type { LoadBalancedOpenAI } from '../../../src/index.ts';
import type { ServerRequest, StreamStep } from '../../../src/testing/index.ts';
import { many, tally } from '../../support/calls.ts';
import { openStage, type Stage } from '../../support/stage.ts';
import { type Kind, type Recording, record } from './recordings.ts';

/** RST, FIN inside of the body, or a clean end. */
export const CUTS = ['end', 'close', 'reset'] as const;

/** Where and how one stream is cut, and in which pieces it is written. */
export interface Cut {
  readonly how: (typeof CUTS)[number];
  readonly at: number;
  readonly chunkBytes?: number;
}

/** A way to read a stream to its end: hands on each event, and throws what breaks it. */
export type Reader = (
  client: LoadBalancedOpenAI,
  kind: Kind,
  prompt: string,
  note: (event: unknown) => void,
) => Promise<void>;

/** The usual way. */
export const forAwait: Reader = async (client, kind, prompt, note) => {
  for await (const event of await kind.open(client, prompt)) note(event);
};

/** Two servers that answer the same with other words; what reaches the first is cut. */
export interface Cutting extends AsyncDisposable {
  readonly a: Recording;
  /** Cuts as often as told, many at once, reads them, and fails with those that came out wrong. */
  expectAll(cuts: readonly Cut[], reader?: Reader): Promise<void>;
}

const AT_ONCE = 48;
const NAMES = ['a', 'b'] as const;

function promptOf({ body }: ServerRequest): string {
  const { prompt, input, messages } = body as { prompt?: string; input?: string; messages?: { content: string }[] };
  return prompt ?? input ?? messages?.[0]?.content ?? '';
}

/** Opens both servers and a client on which neither breaker nor budget stand between a cut and the other endpoint. */
export async function cutting(kind: Kind): Promise<Cutting> {
  const [a, b] = await Promise.all([record(kind, 'a'), record(kind, 'b')]);
  const cuts: Cut[] = [];
  const broken = (request: ServerRequest): StreamStep => {
    const { how, at, ...pieces } = cuts[Number(promptOf(request))]!;
    return { stream: [a.wire], endMarker: false, cut: how, cutAtByte: at, ...pieces };
  };
  const whole: StreamStep = { stream: [b.wire], endMarker: false };
  const stage = await openStage({ a: broken, b: whole }, { breaker: false, retryBudget: false });
  return {
    a,
    async expectAll(more, reader = forAwait) {
      const first = cuts.push(...more) - more.length;
      const seen = await many(more.length, AT_ONCE, (i) => read(reader, stage, kind, String(first + i)));
      const requests = NAMES.map((name) => tally(stage.servers[name].requests.map(promptOf)));
      const wrong: unknown[] = [];
      for (const [i, result] of seen.entries()) {
        if (result.status === 'rejected') throw result.reason;
        const asked = requests.map((of) => of[first + i] ?? 0);
        const why = judge(more[i]!, result.value, asked, a, b);
        if (why) wrong.push({ why, cut: more[i], ...result.value, events: result.value.events.length });
      }
      expect(wrong.slice(0, 5)).toEqual([]);
      for (const name of NAMES) {
        await stage.servers[name].until(({ inFlight }) => inFlight === 0);
        expect(stage.state(name).inFlight).toBe(0);
      }
    },
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  };
}

interface Seen {
  readonly events: readonly unknown[];
  readonly text: string;
  readonly error: unknown;
}

async function read(reader: Reader, { client }: Stage, kind: Kind, prompt: string): Promise<Seen> {
  const events: unknown[] = [];
  const error = await reader(client, kind, prompt, (event) => void events.push(event)).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { events, text: events.map((event) => kind.text(event)).join(''), error };
}

/** What is wrong with what was seen of a cut, if anything is. */
function judge(
  { how, at }: Cut,
  { events, text, error }: Seen,
  [onA, onB]: readonly number[],
  a: Recording,
  b: Recording,
): string | undefined {
  const whole = events.some((event) => a.kind.ends(event));
  if (error !== undefined && !(error instanceof OpenAI.OpenAIError)) return 'an error that is none of the SDK';
  if (onA !== 1 || onB === undefined || onB > 1) return 'requests that nobody needs';
  if ((error === undefined) !== whole) return whole ? 'an error although the answer is whole' : 'a quiet short answer';
  if (onB === 1 && (text !== b.text || error !== undefined)) return 'not the whole answer of the other server';
  if (onB === 0 && !(whole ? text === a.text : a.text.startsWith(text))) return 'words of another answer';
  // What a broken connection had still to deliver may be lost with it; a clean end delivers everything.
  if (how !== 'end') return undefined;
  const came = a.events.filter(({ end }) => end <= at);
  // Newer SDKs take a last event without its blank line, older ones leave it.
  const perhaps = a.events.filter(({ end }) => end - 2 <= at);
  const texts = [came, perhaps].map((some) => some.map(({ text: part }) => part).join(''));
  if (onB === 0) return texts.includes(text) ? undefined : 'something that came was lost';
  return texts[0] === '' ? undefined : 'moved although content had come';
}
