// What the package weighs: how long its import takes beside the SDK's own, in fresh processes, and how large it is.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { kb, round, threeOf } from '../cells.ts';
import type { Outcome } from '../outcome.ts';
import { inTurns } from '../rounds.ts';
import { roundsOf, type Setting } from '../setting.ts';
import { differences, median, spread } from '../statistics.ts';

const ROOT = join(import.meta.dirname, '../../..');
const LOADS = {
  'openai, ES module': "await import('openai')",
  'this package, ES module': "await import('load-balanced-openai')",
  'openai, CommonJS': "require('openai')",
  'this package, CommonJS': "require('load-balanced-openai')",
} as const;
type Load = keyof typeof LOADS;

/** Milliseconds, in a fresh process. */
function timed(load: Load): number {
  const code = `const at = performance.now(); ${LOADS[load]}; console.log(performance.now() - at);`;
  const args = [`--input-type=${load.endsWith('module') ? 'module' : 'commonjs'}`, '-e', code];
  return Number(execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' }));
}

interface Packed {
  readonly size: number;
  readonly unpackedSize: number;
}

/** Import and size. */
export async function weight(setting: Setting): Promise<Outcome> {
  const names = Object.keys(LOADS) as Load[];
  const ms = await inTurns(names, roundsOf(setting, 15, 3), async (load) => timed(load));
  const pack = ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'];
  const [packed] = JSON.parse(
    execFileSync('npm', pack, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  ) as [Packed];
  const rows = (['ES module', 'CommonJS'] as const).map((form) => {
    const [sdk, ours] = [ms[`openai, ${form}`], ms[`this package, ${form}`]];
    const more = spread(differences(ours, sdk));
    return { form, sdk: median(sdk), ours: median(ours), more };
  });
  const worst = rows.reduce((most, row) => (row.more.median > most.more.median ? row : most));
  return {
    tables: [
      {
        title: 'Import in a fresh process, ms',
        head: ['', 'the SDK alone', 'this package, SDK included', 'more'],
        rows: rows.map(({ form, sdk, ours, more }) => [form, round(sdk), round(ours), threeOf(more)]),
        notes: [`The package is ${kb(packed.size)} to download, ${kb(packed.unpackedSize)} unpacked.`],
      },
    ],
    findings: [{ about: 'import.more', value: worst.more.median, spread: worst.more }],
  };
}
