// A process of its own for tracers that must be there before the SDK is: started with the flags the tracer's manual names.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** How an application is written. */
export type Format = 'esm' | 'cjs';

/** What to start. */
export interface TracedProcess {
  readonly format: Format;
  /** A file of `tracers/` that exports `following`; loaded by `--import`, before the application. */
  readonly tracer: string;
  /** Node's flags that come before it, such as `['--import', 'dd-trace/initialize.mjs']`. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Makes every call of `traced-calls.ts` in a process with a tracer.
 * @throws what the process said, when it failed.
 */
export async function followInProcess({ format, tracer, flags = [], env = {} }: TracedProcess): Promise<void> {
  const root = join(import.meta.dirname, '..');
  const file = join(root, 'tracers', `${tracer}.ts`);
  const application = join(root, 'children', format === 'esm' ? 'traced.ts' : 'traced.cjs');
  // Without the runner's own word for its children: what this one prints is for people.
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [...flags, '--import', file, application], {
    cwd: root,
    env: { ...inherited, ...env, TRACER: file, FORMAT: format },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0 || !said.includes('Every call was followed.')) throw new Error(`${code}: ${said}`);
  if (/sk-\w/.test(said)) throw new Error(`A key was printed: ${said}`);
}
