/** Everything that is wrong with a configuration, in one error: each with the option's path and, in a file, line and column. */
import { basename } from 'node:path';
import { type Place, partsOf, type Written } from './written.ts';

/** One thing that is wrong. */
export interface ConfigProblem {
  /** As in code: `endpoints[0].weight`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** Where in the file; `undefined` for what the environment says. */
  readonly place?: Place | undefined;
}

/** A configuration that cannot be used. Its message lists every problem; no value is repeated in it. */
export class InvalidConfiguration extends Error {
  readonly file: string | undefined;
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], file: string | undefined) {
    const name = file === undefined ? undefined : basename(file);
    const lines = problems.map(({ path, message, place }) => {
      const where = name && place ? `${name}:${place.line}:${place.column} ` : '';
      return `${where}${path === '' ? '' : `${path}: `}${message}`;
    });
    super(lines.join('\n'));
    this.name = 'InvalidConfiguration';
    this.file = file;
    this.problems = problems;
  }

  /** There is nothing that could be wrong: neither a file nor a key in the environment. */
  get isMissing(): boolean {
    return this.file === undefined && this.problems.length === 1 && this.problems[0]?.path === '';
  }
}

/** The environment's own names are no paths of the file. */
const OF_ENVIRONMENT = /^[A-Z][A-Z0-9_]*(\[|\.|$)/;

/** Collects problems; of several about one option the first counts, since others follow from it. */
export class FoundProblems {
  readonly #found = new Map<string, ConfigProblem>();
  readonly #written: Written | undefined;
  readonly #elsewhere: string[] = [];

  /** @param written the file, for places. */
  constructor(written: Written | undefined) {
    this.#written = written;
  }

  /** What stands at this path, and below it, is not in the file. */
  leaveOut(path: string): void {
    this.#elsewhere.push(path);
  }

  #isElsewhere(path: string): boolean {
    return OF_ENVIRONMENT.test(path) || this.#elsewhere.some((start) => path.startsWith(start));
  }

  /** Notes a problem. */
  add(path: string, message: string): void {
    if (this.#found.has(path)) return;
    const place = this.#isElsewhere(path) ? undefined : this.#written?.at(partsOf(path));
    this.#found.set(path, { path, message, place });
  }

  /** How many there are. */
  get count(): number {
    return this.#found.size;
  }

  /** @throws InvalidConfiguration in the order of the file. */
  throwIfAny(file: string | undefined): void {
    if (this.#found.size === 0) return;
    const order = ({ place }: ConfigProblem) => (place ? place.line * 10_000 + place.column : 0);
    throw new InvalidConfiguration(
      [...this.#found.values()].sort((a, b) => order(a) - order(b)),
      file,
    );
  }
}
