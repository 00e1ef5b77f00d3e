/** Answers that wait until others know what was changed, in the order of the changes. */

interface Answer {
  readonly version: number;
  readonly at: number;
  run(): void;
}

/** The answers of the one who leads. */
export class Waiting {
  #answers: Answer[] = [];

  /** The one that has waited for longest. */
  get first(): Omit<Answer, 'run'> | undefined {
    return this.#answers[0];
  }

  add(answer: Answer): void {
    this.#answers.push(answer);
  }

  /** Gives them, up to this version. */
  release(version: number): void {
    for (let first = this.#answers[0]; first && first.version <= version; first = this.#answers[0]) {
      this.#answers.shift();
      first.run();
    }
  }

  drop(): void {
    this.#answers = [];
  }
}
