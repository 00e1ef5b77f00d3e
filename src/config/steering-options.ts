/** What `balancer.with` and `balancer.run` are given, checked as the constructor checks its own options. */
import { z } from 'zod';
import { type Importance, joined, missingTags, type Steering, tagSet } from '../call/steering.ts';
import { check } from './check.ts';
import { expected, lazily, strict, text, word } from './fields.ts';
import { hedge } from './hedge-schema.ts';
import type { HedgeOptions } from './options.ts';
import { Problems } from './problems.ts';
import { nearest } from './suggest.ts';

/** What `balancer.with` and `balancer.run` take: who may serve the calls, and how much they matter. What is left out stays as it was. */
export interface SteeringOptions {
  /** Name of the one endpoint the calls go to; they never fail over. */
  endpoint?: string | undefined;
  /** Only endpoints with all of these labels are eligible. They add up: a client made from one with tags has these as well. */
  tags?: readonly string[] | undefined;
  /** An id, such as a user's: its calls go to the same endpoint, in every process, while that endpoint is eligible; else all to the same other one. */
  session?: string | undefined;
  /** Who goes first when calls have to wait. @default 'normal' */
  importance?: Importance | undefined;
  /** How these calls are hedged, whatever the pool does with others; `false` = not at all. @default the pool's own */
  hedge?: HedgeOptions | false | undefined;
}

/** The shape of the options. */
export const steeringOptions = lazily(() =>
  strict({
    endpoint: text("an endpoint's name").optional(),
    tags: z.array(text('a label'), expected('an array of labels')).optional(),
    session: text("a session's id").optional(),
    importance: word('an importance', ['low', 'normal', 'high']).optional(),
    hedge: hedge().optional(),
  }),
);

/** What `steeringOptions` takes, for the test that compares it with `SteeringOptions`. */
export type SteeringInput = z.input<ReturnType<typeof steeringOptions>>;

/** What of an endpoint steering may name. */
export interface Steerable {
  readonly name: string;
  readonly tags: readonly string[];
}

/** Enough to find one's own typing error in. */
const SHOWN = 20;

/** The first of them, for messages. */
export function shownNames(names: readonly string[]): string {
  return names.length > SHOWN ? `${names.slice(0, SHOWN).join(', ')}, …` : names.join(', ');
}

function checkTags(wanted: readonly string[], path: string, endpoints: readonly Steerable[], problems: Problems): void {
  const known = tagSet(endpoints.flatMap(({ tags }) => tags));
  const unknown = missingTags(wanted, known);
  const [near] = unknown.flatMap((tag) => (tag.length > 2 ? (nearest(tag, known) ?? []) : []));
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  if (unknown.length > 0) {
    const list = known.length === 0 ? 'no endpoint has tags' : `known are ${shownNames(known)}`;
    problems.add('unknown_tag', path, `names a tag that no endpoint has${hint}; ${list}`);
  } else if (!endpoints.some(({ tags }) => missingTags(wanted, tags).length === 0))
    problems.add('unknown_tag', path, `no endpoint has all of these tags: ${shownNames(wanted)}`);
}

/**
 * Checked steering.
 * @param outer what counts already; the new options are laid over it.
 * @param door the function that was called, for messages.
 * @param endpoints the pool; a name in `options.endpoint` must be in it.
 * @throws ConfigurationError naming every wrong option.
 */
export function resolveSteering(
  options: SteeringOptions,
  outer: Steering,
  door: 'with' | 'run' | 'take',
  endpoints: readonly Steerable[],
): Steering {
  const problems = new Problems();
  const given = check(steeringOptions(), options, door, problems);
  problems.throwIfAny();
  const { tags = [], ...rest } = given as NonNullable<typeof given>;
  const steering = joined(outer, { ...rest, tags: tagSet(tags) });
  if (steering.tags.length > 0) checkTags(steering.tags, `${door}.tags`, endpoints, problems);
  const only = endpoints.find(({ name }) => name === steering.endpoint);
  const [lacking] = only ? missingTags(steering.tags, only.tags) : [];
  if (lacking !== undefined && problems.count === 0)
    problems.add('conflicting_options', `${door}.endpoint`, `'${only?.name}' does not have the tag '${lacking}'`);
  problems.throwIfAny();
  return steering;
}
