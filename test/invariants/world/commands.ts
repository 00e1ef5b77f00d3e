// What may happen in a world, as commands fast-check puts in any order: calls, answers, pieces of bodies, aborts, time, endpoints
// that come and go. After each the rules are looked at.
import { fc } from '../../support/property.ts';
import type { Rules } from './rules.ts';
import type { Answer, Word } from './upstream.ts';
import { type Asking, settle, type World } from './world.ts';

/** A world and the rules over it. */
export interface Real {
  readonly world: World;
  readonly rules: Rules;
}

/** All a command is told before it runs is whether it can: nothing. Each finds its own target, or does nothing. */
export type Model = Record<string, never>;

type Command = fc.AsyncCommand<Model, Real>;

function command(text: string, act: (real: Real) => unknown): Command {
  return {
    check: () => true,
    async run(_model, real) {
      await act(real);
      await settle();
      real.rules.look(real.world);
    },
    toString: () => text,
  };
}

async function call({ world }: Real, what: Asking): Promise<void> {
  await world.call(what);
}

function reply({ world }: Real, index: number, how: Answer): void {
  const asked = at(world.pending('head'), index);
  // Files can be missing, models of files cannot.
  const missing = asked?.object && how.is === 'status' && (how.status === 413 || how.status === 404);
  asked?.answer(missing ? status(404) : how);
}

function abort({ world }: Real, index: number): void {
  const one = at(
    world.made.filter(({ done, aborted }) => !done && !aborted),
    index,
  );
  if (!one) return;
  one.aborted = true;
  one.abort.abort(new Error('changed my mind'));
}

function drain({ world, rules }: Real, index: number): void {
  const left = world.snapshot().endpoints.filter(({ drained }) => !drained);
  const one = left.length > 1 ? at(left, index) : undefined;
  if (!one) return;
  rules.drained(one.name);
  world.drains.push(world.client.balancer.drain(one.name));
}

const often = <T>(...pairs: [number, T][]) =>
  fc.oneof(...pairs.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));
const status = (code: number, headers: Record<string, string> = {}, error?: string): Answer => ({
  is: 'status',
  status: code,
  headers,
  ...(error !== undefined && { code: error }),
});

/** Answers, by what they are: good, the endpoint's fault, a request to wait, a refusal, the caller's fault. */
export const ANSWERS = {
  good: [{ is: 'ok' }, { is: 'begin' }],
  faults: [
    status(500),
    status(503),
    status(408),
    { is: 'lost', code: 'ECONNREFUSED' },
    { is: 'lost', code: 'ECONNRESET' },
    { is: 'bad', how: 'html' },
    { is: 'bad', how: 'empty' },
    { is: 'bad', how: 'cut' },
    { is: 'bad', how: 'error' },
  ],
  pauses: [
    status(429),
    status(429, { 'retry-after': '2' }),
    status(429, { 'retry-after-ms': '150' }),
    status(429, { 'retry-after': '90000' }),
    status(503, { 'retry-after': '7' }),
  ],
  refusals: [
    status(401),
    status(402),
    status(403),
    status(404, {}, 'model_not_found'),
    status(429, {}, 'insufficient_quota'),
    status(307),
  ],
  callers: [status(400), status(413), status(422)],
} as const satisfies Record<string, readonly Answer[]>;

const answer: fc.Arbitrary<Answer> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Answer>(...ANSWERS.good) },
  { weight: 5, arbitrary: fc.constantFrom<Answer>(...ANSWERS.faults) },
  { weight: 2, arbitrary: fc.constantFrom<Answer>(...ANSWERS.pauses) },
  { weight: 1, arbitrary: fc.constantFrom<Answer>(...ANSWERS.refusals) },
  { weight: 1, arbitrary: fc.constantFrom<Answer>(...ANSWERS.callers) },
);

const asking: fc.Arbitrary<Asking> = fc.record({
  kind: often<Asking['kind']>([5, 'chat'], [4, 'stream'], [1, 'create'], [1, 'object'], [1, 'raw'], [1, 'late']),
  model: often([4, 'm1'], [1, 'm2']),
  timeout: often<number | undefined>([4, undefined], [1, 30], [1, 5_000]),
  maxRetries: often<number | undefined>([4, undefined], [1, 0], [1, 5]),
  pin: often<string | undefined>([9, undefined], [1, 'a']),
  leaveAfter: often<number | undefined>([4, undefined], [1, 1], [1, 2]),
});

/** Which of those that are there. */
const which = fc.nat(5);
const at = <Item>(list: readonly Item[], index: number): Item | undefined => list[index % Math.max(1, list.length)];

const word = often<Word>(
  [2, 'preamble'],
  [5, 'content'],
  [5, 'end'],
  [2, 'cut'],
  [1, 'stop'],
  [1, 'error'],
  [1, 'garbage'],
);

/** All the commands there are. */
export const commands: fc.Arbitrary<Command>[] = [
  asking.map((what) => command(`call ${JSON.stringify(what)}`, (real) => call(real, what))),
  fc
    .tuple(which, answer)
    .map(([index, how]) => command(`answer ${index} ${JSON.stringify(how)}`, (real) => reply(real, index, how))),
  fc
    .tuple(which, answer)
    .map(([index, how]) => command(`answer ${index} ${JSON.stringify(how)}.`, (real) => reply(real, index, how))),
  fc
    .tuple(which, word)
    .map(([index, what]) =>
      command(`say ${index} ${what}`, ({ world }) => at(world.pending('body'), index)?.say(what)),
    ),
  fc
    .constantFrom(1, 100, 1_000, 5_000, 20_000, 31_000, 61_000)
    .map((ms) => command(`advance ${ms}`, ({ world }) => world.clock.advance(ms))),
  which.map((index) => command(`abort ${index}`, (real) => abort(real, index))),
  which.map((index) =>
    command(`collect ${index}`, ({ world }) =>
      at(
        world.made.filter(({ collect }) => collect),
        index,
      )?.collect?.(),
    ),
  ),
  fc
    .integer({ min: -7_200_000, max: 7_200_000 })
    .map((ms) => command(`jump ${ms}`, ({ world }) => world.clock.jump(ms))),
  which.map((index) => command(`drain ${index}`, (real) => drain(real, index))),
  fc.constant(command('add', ({ world }) => world.add(`e${world.snapshot().endpoints.length}`))),
];

/** Lets everything that runs come to a good end. @throws when it does not */
export async function calm({ world, rules }: Real): Promise<void> {
  for (const { collect } of world.made) collect?.();
  for (let round = 0; world.made.some(({ done }) => !done) || world.pending('head').length > 0; round++) {
    if (round === 100) throw new Error('calls go on for ever');
    for (const asked of world.pending('head')) asked.answer({ is: 'ok' });
    for (const asked of world.pending('body')) asked.say('end');
    await world.clock.advance(round < 50 ? 0 : 10_000);
    await settle();
    rules.look(world);
  }
  for (const asked of world.pending('body')) asked.say('end');
  await settle();
  await Promise.all(world.drains);
  // What is still to be judged is judged by then.
  await world.clock.advance(120_000);
  rules.quiet(world);
}
