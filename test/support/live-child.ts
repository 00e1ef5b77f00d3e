// Runs a script as a process of its own that is talked to while it runs: its lines are waited for, and it can be stopped and resumed.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { COMPILED } from './compiled.ts';

const ALIAS = new URL('./sdk-alias.ts', import.meta.url).href;

/** A running child. */
export interface LiveChild extends AsyncDisposable {
  /** The next line it prints, as JSON. @throws with its stderr when it ends before that */
  line<Line>(): Promise<Line>;
  /** Sends it a line. @default an empty one */
  tell(line?: string): void;
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
}

/** Starts `script`; the input is its last argument, as JSON. */
export function startChild(script: URL, input: unknown): LiveChild {
  const flags = ['--expose-gc', '--unhandled-rejections=strict', '--throw-deprecation', '--import', ALIAS];
  const child = spawn(process.execPath, [...flags, fileURLToPath(script), JSON.stringify(input)], {
    env: {
      ...COMPILED,
      PATH: process.env.PATH,
      OPENAI: process.env.OPENAI ?? 'openai',
      TRANSPORT: process.env.TRANSPORT ?? 'standard',
    },
  });
  let complaints = '';
  child.stderr.on('data', (text) => {
    complaints += text;
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async line<Line>() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`The child ended without a word. ${complaints}`);
      return JSON.parse(value) as Line;
    },
    tell: (line = '') => void child.stdin.write(`${line}\n`),
    signal: (name) => void child.kill(name),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
