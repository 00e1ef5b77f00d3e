// The ways a call is made whose answer can break: plain, and as a stream of each kind. A row tries them all.
import type { ChatCompletion } from 'openai/resources/chat/completions';
import { expect, vi } from 'vitest';
import { type Attempt, attemptsOf, type LoadBalancedOpenAI } from '../../src/index.ts';
import { chat, readAll, STREAMS } from '../support/calls.ts';
import { type Timed, timed } from '../support/lag.ts';
import type { Stage } from '../support/stage.ts';

/** What came of a call, a stream as far as it came. */
export interface Answer extends Pick<Timed<unknown>, 'error' | 'ms' | 'lag'> {
  readonly text: string;
  readonly attempts: readonly Attempt[];
}

type Options = Parameters<typeof chat>[2];

/** A way to ask. */
export interface Way {
  readonly way: string;
  /** Asks and reads to the end; never throws. */
  ask(client: LoadBalancedOpenAI, options?: Options): Promise<Answer>;
}

async function answerOf(act: () => Promise<{ thing: unknown; text: string; error: unknown }>): Promise<Answer> {
  const { value, error: thrown, ms, lag } = await timed(act);
  const error = thrown ?? value?.error;
  return { text: value?.text ?? '', error, attempts: attemptsOf(error ?? value?.thing), ms, lag };
}

const textOf = ({ choices }: ChatCompletion) => choices?.[0]?.message.content ?? '';

/** Without a stream. */
export const PLAIN: Way = {
  way: 'plain',
  ask: (client, options) =>
    answerOf(async () => {
      const thing = await chat(client, {}, options);
      return { thing, text: textOf(thing), error: undefined };
    }),
};

/** As a stream of each kind. */
export const STREAMED: readonly Way[] = STREAMS.map((kind) => ({
  way: `${kind.kind} stream`,
  ask: (client, options) =>
    answerOf(async () => {
      const thing = await kind.open(client, options);
      return { thing, ...(await readAll(thing, kind)) };
    }),
}));

/** All of them. */
export const WAYS: readonly Way[] = [PLAIN, ...STREAMED];

/** What a well endpoint `b` says, and its script. */
export const WHOLE = 'b-0 b-1 b-2 ';
export const healthy = { stream: 3 } as const;
/** What the failing endpoint `a` said until then. */
export const PART = 'a-0 a-1 a-2 ';

/** Endpoint and verdict of each attempt. */
export const endpoints = ({ attempts }: Answer) => attempts.map(({ endpoint, verdict }) => `${endpoint} ${verdict}`);

/** Waits until nothing of a call to `a` is left, there and here. */
export async function freed({ servers, state }: Stage): Promise<void> {
  await servers.a!.until(({ inFlight }) => inFlight === 0);
  await vi.waitFor(() => expect(state('a').inFlight).toBe(0));
}
