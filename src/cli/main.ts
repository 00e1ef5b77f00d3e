#!/usr/bin/env node
/**
 * The command line: `load-balanced-openai <command>`, in the repository `node src/cli/main.ts <command>`. Finds the command
 * and sets the exit code: 0 = done, 1 = it failed, 2 = it was asked for the wrong way.
 */
import { didYouMean, shownName } from '../config/suggest.ts';

interface Command {
  readonly does: string;
  /** Loaded when asked for, so that help costs nothing. */
  load(): Promise<(args: readonly string[]) => Promise<number>>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  serve: {
    does: 'the gateway: one address for any OpenAI client, the pool behind it',
    load: async () => (await import('./serve/serve.ts')).serve,
  },
  check: {
    does: 'checks the configuration of the gateway and reaches each endpoint',
    load: async () => (await import('./check/check.ts')).check,
  },
  keys: {
    does: 'client keys of the gateway: list, create, revoke',
    load: async () => (await import('./keys/keys.ts')).keys,
  },
  demo: {
    does: '300 calls under faults, plain SDK and pool side by side',
    load: async () => (await import('./demo/demo.ts')).demo,
  },
  bench: {
    does: 'how fast a gateway answers, who serves, and what fails',
    load: async () => (await import('./bench/bench.ts')).bench,
  },
};

function usage(): string {
  const lines = Object.entries(COMMANDS).map(([name, { does }]) => `  ${name.padEnd(8)}${does}`);
  return ['Usage: load-balanced-openai <command> [options]', '', ...lines, '', '<command> --help says more.'].join(
    '\n',
  );
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === '--help' || name === '-h') {
    console.log(usage());
    return 0;
  }
  const command = name === undefined || !Object.hasOwn(COMMANDS, name) ? undefined : COMMANDS[name];
  if (command) return (await command.load())(args);
  if (name !== undefined) {
    console.error(`There is no command '${shownName(name)}'${didYouMean(name, Object.keys(COMMANDS))}\n`);
  }
  console.error(usage());
  return 2;
}

// A reader that goes away early (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
process.exitCode = await main(process.argv.slice(2));
