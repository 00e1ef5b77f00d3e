// The command line as a process of its own, as a user runs it.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { COMPILED } from '../support/compiled.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** What a command did. */
export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command that runs. */
export interface RunningCommand {
  readonly child: ChildProcess;
  /** Resolves when it is over. */
  readonly over: Promise<Ran>;
  /** Resolves to what it printed once that matches. @throws when it ends before */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Starts a command in a folder, with these variables and no others. */
export function startCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd?: string,
): RunningCommand {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...COMPILED, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  const looks = new Set<() => void>();
  const hear = (stream: NodeJS.ReadableStream, add: (text: string) => void) =>
    stream.on('data', (chunk: Buffer) => {
      add(String(chunk));
      for (const look of looks) look();
    });
  hear(child.stdout, (text) => {
    out += text;
  });
  hear(child.stderr, (text) => {
    err += text;
  });
  const over = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });
  const printed = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(out);
        if (found) resolve(found);
        return found !== null;
      };
      if (look()) return;
      looks.add(look);
      void over.then(() => reject(new Error(`it ended without printing ${pattern}: ${out}${err}`)));
    });
  return { child, over, printed };
}

/** Runs a command to its end. */
export const cli = (args: readonly string[], env?: Readonly<Record<string, string>>, cwd?: string): Promise<Ran> =>
  startCli(args, env, cwd).over;
