// Servers we did not write, on loopback, so that our tests are not only our own idea of the API against itself.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { LLMock } from '@copilotkit/aimock';

/** A running third-party server. */
export interface ThirdParty extends AsyncDisposable {
  readonly name: string;
  /** The `baseURL` for the SDK. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * aimock, in this process: chat (plain and streamed), responses, embeddings, models, files, batches and more; it answers
 * every prompt with "Hello from aimock.".
 */
export async function startAimock(
  options: Omit<ConstructorParameters<typeof LLMock>[0], 'port' | 'host'> = {},
): Promise<ThirdParty & { readonly mock: LLMock }> {
  const mock = new LLMock({ ...options, port: 0, host: '127.0.0.1' });
  mock.onMessage(/.*/s, { content: 'Hello from aimock.' });
  mock.onEmbedding(/.*/s, { embedding: [0.25, -0.5, 0.75, 1] });
  await mock.start();
  return { mock, ...running('aimock', `${mock.url}/v1`, () => mock.stop()) };
}

const SPEC = fileURLToPath(new URL('./openai.openapi.json', import.meta.url));
const ATTEMPTS = 3;

/** steady, as a child process: checks chat, embeddings and model requests against an OpenAPI document; refuses what it forbids. */
export async function startSteady(): Promise<ThirdParty> {
  const program = createRequire(import.meta.url).resolve('@stdy/cli/steady.js');
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      const stop = await launch([program, '--port', String(port), '--no-color', SPEC]);
      return running('steady', `http://127.0.0.1:${port}/v1`, stop);
    } catch (error) {
      // Another process may have taken the port in between.
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

function running(name: string, url: string, stop: () => Promise<unknown>): ThirdParty {
  let stopping: Promise<unknown> | undefined;
  const close = async () => {
    stopping ??= stop();
    await stopping;
  };
  return { name, url, close, [Symbol.asyncDispose]: close };
}

/** Starts the program and resolves, once it says that it is ready, to what stops it. */
function launch(args: readonly string[], ms = 20_000): Promise<() => Promise<void>> {
  // In CI steady waits for a terminal that is not there, so it is not told.
  const { CI: _, ...env } = process.env;
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const kill = () => void child.kill('SIGTERM');
  process.once('exit', kill);
  const stop = () => {
    process.off('exit', kill);
    kill();
    return gone;
  };
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => stop().then(() => reject(new Error(`not ready within ${ms} ms: ${said}`))), ms);
    const hear = (chunk: Buffer) => {
      said += chunk;
      if (!said.includes('Ready to accept requests')) return;
      clearTimeout(timer);
      resolve(stop);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    void gone.then(() => {
      clearTimeout(timer);
      process.off('exit', kill);
      reject(new Error(`stopped before it was ready: ${said}`));
    });
  });
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
