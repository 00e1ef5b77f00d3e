/**
 * The order of steps: which request gets which. Stands between the user's script and the server, which asks `next` once per request.
 */
import { isObject, show } from './check.ts';
import { type LongStep, parseStep } from './parse-script.ts';
import type { ServerRequest } from './server-request.ts';
import type { Step } from './steps.ts';

/**
 * What a server does, request by request:
 * - a list: one step per request; when it is used up, healthy answers (`'ok'`);
 * - a single step: every request gets it;
 * - `{ repeat: [...] }`: the list over and over; as the last item of a list it repeats what it holds;
 * - a function: called once per request, with its body read; nothing returned means a healthy answer. It may be async, so
 *   it can hold a request back.
 */
export type Script =
  | Step
  | readonly (Step | RepeatedSteps)[]
  | RepeatedSteps
  | ((request: ServerRequest) => Step | undefined | Promise<Step | undefined>);

/** Steps that come round again and again. */
export interface RepeatedSteps {
  /** The steps of one round. */
  readonly repeat: readonly Step[];
}

/** A checked script in use. */
export interface Plan {
  /** Whether `next` wants to see the request's body. */
  readonly needsBody: boolean;
  /** The step of the next request. @throws TypeError when a function returned something that is no step */
  next(request: ServerRequest): LongStep | Promise<LongStep>;
}

const OK: LongStep = { step: 'ok' };

/** Checks a script and makes it ready, from its first step. @throws TypeError with the path of the mistake */
export function readScript(script: Script | undefined, path = 'script'): Plan {
  if (script === undefined) return inOrder([OK], 0);
  if (typeof script === 'function') {
    return {
      needsBody: true,
      next: async (request) => parseStep((await script(request)) ?? 'ok', `${path}(request ${request.number})`),
    };
  }
  if (isRepeat(script)) return inOrder(steps(script.repeat, `${path}.repeat`), 0);
  if (!Array.isArray(script)) return inOrder([parseStep(script, path)], 0);
  const items: readonly unknown[] = script;
  const last = items.at(-1);
  if (!isRepeat(last)) return inOrder(steps(items, path), undefined);
  const before = steps(items.slice(0, -1), path);
  return inOrder([...before, ...steps(last.repeat, `${path}[${before.length}].repeat`)], before.length);
}

function isRepeat(value: unknown): value is RepeatedSteps {
  return isObject(value) && 'repeat' in value;
}

function steps(list: unknown, path: string): LongStep[] {
  if (!Array.isArray(list)) throw new TypeError(`${path}: expected a list of steps, got ${show(list)}`);
  if (list.length === 0 && path.endsWith('repeat')) throw new TypeError(`${path}: nothing to repeat`);
  return list.map((step, i) => {
    if (isRepeat(step)) throw new TypeError(`${path}[${i}]: repeat can only be the last item of a script`);
    return parseStep(step, `${path}[${i}]`);
  });
}

/** Steps one by one, each as often as its `times` says; then from `again`, or healthy when there is no `again`. */
function inOrder(list: readonly LongStep[], again: number | undefined): Plan {
  let index = 0;
  let used = 0;
  return {
    needsBody: false,
    next() {
      const step = list[index];
      if (!step) return OK;
      used += 1;
      if (used >= (step.times ?? 1)) {
        used = 0;
        index += 1;
        if (index >= list.length && again !== undefined) index = again;
      }
      return step;
    },
  };
}
