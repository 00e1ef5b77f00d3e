// The gateway of the package as a process of its own, as a user runs it, over endpoints of a test.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../node_modules/load-balanced-openai/dist/cli/main.mjs', import.meta.url));

/** A gateway that runs. */
export interface RunningGateway {
  /** With `/v1`. */
  readonly baseURL: string;
  /** Resolves when it has ended, well. */
  stop(): Promise<void>;
}

/** Starts one with this configuration. */
export async function startGateway(configuration: object): Promise<RunningGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  writeFileSync(
    join(folder, 'load-balanced-openai.json'),
    JSON.stringify({ ...configuration, store: { type: 'memory' } }),
  );
  const child = spawn(process.execPath, [MAIN, 'serve', '--port', '0', '--grace', '1'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const over = new Promise<number | null>((resolve) => child.once('close', resolve));
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
      const [, found] = /"url":"([^"]+)"/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
    void over.then((code) => reject(new Error(`it ended with ${code}: ${said}`)));
  });
  return {
    baseURL: `${url}/v1`,
    async stop() {
      child.kill('SIGTERM');
      const code = await over;
      rmSync(folder, { recursive: true });
      if (code !== 0) throw new Error(`the gateway ended with ${code}`);
    },
  };
}
