// Runs a script as a process of its own, where the garbage collector can be called and the heap belongs to the client alone.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ALIAS = new URL('./sdk-alias.ts', import.meta.url).href;

/**
 * Runs `script` under `--expose-gc` and resolves to what it printed, as JSON. The input is its last argument, as JSON.
 * @param env variables it shall see besides `PATH`.
 * @param files so many file descriptors it may have; default: as many as this process.
 * @throws with its stderr when it fails: a rejection nobody handles, a warning or a deprecation is a failure.
 */
export async function runChild<Output>(
  script: URL,
  input: unknown,
  ms = 60_000,
  env: Readonly<Record<string, string>> = {},
  files?: number,
): Promise<Output> {
  const flags = ['--expose-gc', '--unhandled-rejections=strict', '--throw-deprecation', '--import', ALIAS];
  const limit = files === undefined ? [] : ['sh', '-c', `ulimit -n ${files}; exec "$0" "$@"`];
  const [command, ...rest] = [...limit, process.execPath, ...flags, fileURLToPath(script), JSON.stringify(input)];
  const { stdout, stderr } = await promisify(execFile)(command!, rest, {
    timeout: ms,
    env: {
      ...env,
      PATH: process.env.PATH,
      OPENAI: process.env.OPENAI ?? 'openai',
      TRANSPORT: process.env.TRANSPORT ?? 'standard',
    },
  });
  if (stderr !== '') throw new Error(stderr);
  return JSON.parse(stdout) as Output;
}
