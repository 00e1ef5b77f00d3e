// A process of the bench, seen from outside: started, asked, ended. Each question is answered before the next one.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What a process answers: what was asked for, or why not. */
export type Answer =
  | { readonly is: 'done'; readonly result: unknown }
  | { readonly is: 'failed'; readonly why: string };

/** What a client would take from the surroundings is for the bench to say. */
function surroundings(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(OPENAI|AZURE|NODE_OPTIONS|https?_proxy|no_proxy)/i.test(name),
  );
  return { ...Object.fromEntries(kept), NO_COLOR: '1', ...extra };
}

/** One process that runs a file of this folder. */
export class Child {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** Starts it. @param spec what the file reads as its first argument, as JSON */
  static start(file: string, spec: unknown, extra: Readonly<Record<string, string>> = {}): Child {
    const process = fork(join(import.meta.dirname, file), [JSON.stringify(spec)], {
      execArgv: ['--expose-gc', '--unhandled-rejections=strict'],
      env: surroundings(extra),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    return new Child(process);
  }

  /** @throws Error when it could not do it, or ended before it had */
  ask<Result = void>(question: object): Promise<Result> {
    const child = this.#process;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        child.off('message', answered).off('exit', gone);
        act();
      };
      const answered = (answer: Answer) =>
        settle(() => (answer.is === 'done' ? resolve(answer.result as Result) : reject(new Error(answer.why))));
      const gone = () =>
        settle(() => reject(new Error(`the process ended with ${child.exitCode ?? child.signalCode}`)));
      child.on('message', answered).on('exit', gone);
      if (child.exitCode !== null || child.signalCode !== null) gone();
      // One that ends just now says so by its exit.
      else child.send(question, () => undefined);
    });
  }

  /** Ends it at once. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }
}

/** The other side: answers questions with what `answers` has for their `do`. */
export function answering(answers: Readonly<Record<string, (question: never) => unknown>>): void {
  process.on('message', async (question: { do: string }) => {
    try {
      const answer = answers[question.do];
      if (!answer) throw new Error(`no answer to '${question.do}'`);
      const result = await answer(question as never);
      process.send?.({ is: 'done', result } satisfies Answer);
    } catch (error) {
      process.send?.({ is: 'failed', why: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.once('disconnect', () => process.exit());
}
