/** A gateway with endpoints of its own, for a bench without an address: the same program, as a process beside this one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** One that runs. */
export interface OwnGateway {
  readonly baseURL: string;
  close(): Promise<void>;
}

/** Starts `serve --demo`. @param program the file that this process runs @throws Error when it does not start */
export async function ownGateway(program: string): Promise<OwnGateway> {
  const args = [...process.execArgv, program, 'serve', '--demo', '--port', '0', '--grace', '0'];
  const env = { ...process.env, LOG_LEVEL: 'info' };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  // Whatever ends this process ends that one as well.
  const end = () => void child.kill('SIGKILL');
  process.once('exit', end);
  const lines = createInterface(child.stdout);
  const ended = once(child, 'exit').then(() => [undefined]);
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string | undefined];
  // A log has a line for every call; nobody reads it here.
  lines.close();
  child.stdout.resume();
  const baseURL = line === undefined ? undefined : (JSON.parse(line) as { openai?: string }).openai;
  if (baseURL === undefined) throw new Error('The gateway of the bench did not start.');
  return {
    baseURL,
    async close() {
      process.off('exit', end);
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await ended;
    },
  };
}
