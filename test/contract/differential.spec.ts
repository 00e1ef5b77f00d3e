// One healthy endpoint, two clients: the plain SDK and ours as a pool of that one endpoint. Whatever the upstream says,
// result, response, error and the requests on the wire are equal, except where a row says why not and what instead.
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { LoadBalancedOpenAI } from '../../src/index.ts';
import { bodies } from './differential/bodies.ts';
import { failures } from './differential/failures.ts';
import { type Observed, observe } from './differential/observe.ts';
import type { Row } from './differential/row.ts';
import { successes } from './differential/successes.ts';

let rows = 0;

const groups: Record<string, readonly Row[]> = { successes, failures, bodies };

/** An error of ours may tell its cause where an older SDK tells none. */
function withoutExtraCause(ours: Observed, plain: Observed): Observed {
  if (!ours.error || plain.error?.cause !== '(undefined)') return ours;
  const keys = (ours.error.keys as string[]).filter((key) => key !== 'cause');
  return { ...ours, error: { ...ours.error, cause: '(undefined)', keys } };
}

for (const [group, table] of Object.entries(groups)) {
  describe.concurrent(`the same as the plain SDK: ${group}`, () => {
    for (const { name, call, script, options = { maxRetries: 0 }, plainOptions = options, differs } of table) {
      it(differs ? `${name} (differs: ${differs.why})` : name, async () => {
        // A key of its own for each row: live state is shared by origin and key.
        const apiKey = `sk-row-${process.pid}-${++rows}`;
        const plain = await observe(
          ({ url }) => new OpenAI({ apiKey, baseURL: url, logLevel: 'off', ...plainOptions }),
          call,
          script,
        );
        // What belongs to a credential is an option of the endpoint: none with an own URL inherits it.
        const { organization = null, project = null, ...others } = options;
        const account = { apiKey, organization, project };
        const ours = await observe(
          ({ url }) =>
            new LoadBalancedOpenAI([{ name: 'only', baseURL: url, ...account }], { logLevel: 'off', ...others }),
          call,
          script,
        );
        if (differs) differs.check(ours, plain);
        else expect(withoutExtraCause(ours, plain)).toEqual(plain);
      });
    }
  });
}

it('the table has the rows it promises', () => {
  expect(Object.values(groups).flat().length).toBeGreaterThanOrEqual(60);
  expect(new Set(Object.values(groups).flatMap((table) => table.map(({ name }) => name))).size).toBe(
    Object.values(groups).flat().length,
  );
});
