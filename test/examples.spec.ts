// The examples, run as the README says, each as a process of its own without any key: they end by themselves and say what
// their reader is told they say.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { redisMissing } from './support/redis-server.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const EXAMPLES = join(ROOT, 'examples');
const names = readdirSync(EXAMPLES)
  .filter((file) => /^\d\d-.+\.ts$/.test(file))
  .map((file) => file.replace('.ts', ''));

/** The environment without anything that leads to a real endpoint. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(OPENAI|AZURE|OPENROUTER|SERVICE|REDIS)_/.test(name)),
);

/** What an example prints, the lines about its servers left out. */
async function run(name: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['examples/run.ts', name], {
    cwd: ROOT,
    env,
    timeout: 25_000,
  });
  // What is left of a second's pause may still be the whole of it.
  return stdout.replaceAll(/^#.*\n/gm, '').replaceAll(/\b(?:\d+ ms|1 s)\b/g, 'N ms');
}

const PAUSED = 'cooling down (429), for 90 s';

/** What each prints; a number of ms is `N ms`. */
const PRINTS: Record<string, readonly string[]> = {
  '01-drop-in': [
    'answer:   Hello from second.',
    'attempts: first 500 server error in N ms → second 200 in N ms',
    'vectors:  1',
    'status:   200 with a request id',
  ],
  '02-openai-and-azure': [
    'One? openai 429 (retry in 20 s) → azure 200 in N ms',
    '     there the model is called prod-gpt5',
    'Two? azure 200 in N ms',
    '     there the model is called prod-gpt5',
    'openai takes no gpt-5 for another 20 s (429)',
  ],
  '03-openrouter': [
    'gpt-5 → openai as gpt-5',
    'gpt-5 → openrouter as openai/gpt-5',
    'gpt-5-mini → openai as gpt-5-mini',
    'gpt-5-mini → openrouter as openai/gpt-5-mini',
    'embedding → openai as text-embedding-3-small',
    'embedding → openai as text-embedding-3-small',
  ],
  '04-streaming': [
    'cut before the first content: complete, 6 pieces. first 200 connection lost in N ms → second 200 in N ms',
    'cut in the middle: APIConnectionError after 3 pieces. The connection broke while the reply was read.',
    'Hello from first.',
    'stream helper: stop',
  ],
  '05-breaker': [
    'call 1: shaky 500 → steady 200',
    '  shaky is ejected: server-error',
    'call 2: shaky 500 → steady 200',
    'call 3: steady 200',
    'N ms later',
    '  shaky is restored',
    'call 4: shaky 200',
  ],
  '06-own-strategy': ['chat: 5 on chat-1, 5 on chat-2', 'embeddings: 5 on bulk'],
  '07-events-and-snapshot': [
    'A call that fails over:',
    '  event: first → second (overloaded)',
    '  event: call over, ok: true, attempts: 2',
    '  first: overloaded, status 503, billed: no',
    '  second: ok, status 200, billed: yes',
    'Both ask for 90 s, longer than a call may wait:',
    '  event: first pauses N ms (429)',
    '  event: first → second (rate-limited)',
    '  event: second pauses N ms (429)',
    '  event: call over, ok: false, attempts: 2',
    '  The call that met the 429s: RateLimitError',
    '  event: call over, ok: false, attempts: 0',
    '  The next call: NoEndpointAvailableError',
    `  status 429: No endpoint can take 'gpt-5-mini' (chat): first ${PAUSED}; second ${PAUSED}. Try again in 90 s.`,
    'The pool now:',
    '  first: 2 attempts, 0 good, 1 failed, 1 cooldown',
    '  second: 2 attempts, 1 good, 0 failed, 1 cooldown',
  ],
  '08-own-store': [
    'before the restart: a response made by second',
    'after the restart:  read there by second in 1 attempt',
    'its next turn:      second',
    'the file says:      the hash of each id → second',
  ],
  '09-pool-as-fetch': [
    'answer: Hello from second. first 503 overloaded in N ms → second 200 in N ms',
    'stream: Hello from second.',
    'raw:    200 application/json first 429 (retry in N ms) → second 200 in N ms',
    'other:  foreign_url',
  ],
  '10-gateway': [
    'models:  fast',
    'answer:  Hello from second. (second, attempts: 2)',
    'pinned:  Hello from second. (second, attempts: 1)',
    'limit:   429 rate_limit_exceeded',
    'no key:  401',
    'stopped: 0',
  ],
  '11-opentelemetry': [
    'checkout',
    '  route gpt-5-mini: second, 2 attempts, 1 failover',
    '    chat gpt-5-mini: first, overloaded, 503',
    '    chat gpt-5-mini: second, ok, 200',
    'gen_ai.client.operation.duration: 1',
    'load_balancer.attempts: 1, 1',
    'load_balancer.failovers: 1',
  ],
  '12-prometheus': [
    'questions_total 3',
    'load_balanced_openai_calls_total{pool="answers",operation="chat",model="gpt-5-mini",outcome="ok"} 3',
    'load_balanced_openai_attempts_total{pool="answers",endpoint="first",verdict="overloaded"} 1',
    'load_balanced_openai_attempts_total{pool="answers",endpoint="second",verdict="ok"} 3',
    'load_balanced_openai_attempts_total{pool="answers",endpoint="first",verdict="rate-limited"} 1',
    'load_balanced_openai_failovers_total{pool="answers"} 2',
    'text/plain; version=0.0.4; charset=utf-8',
    'load_balanced_openai_tokens_total{pool="answers",model="gpt-5-mini",kind="input"} 27',
    'load_balanced_openai_tokens_total{pool="answers",model="gpt-5-mini",kind="output"} 15',
    'load_balanced_openai_endpoint_cooldowns_total{pool="answers",endpoint="first",reason="429"} 1',
    'load_balanced_openai_endpoint_eligible{pool="answers",endpoint="first"} 1',
    'load_balanced_openai_endpoint_eligible{pool="answers",endpoint="second"} 1',
  ],
  '13-many-processes': [
    'other: busy cools down for gpt-5-mini (429), learnt elsewhere',
    'one: busy 429 → free 200',
    'other: free 200',
    'late: free 200',
  ],
  '14-redis': redisMissing
    ? ['This needs a Redis: set REDIS_URL, or install one (apt-get install redis-server, brew install redis).']
    : [
        'made by one:       second, attempts: 1',
        'read by the other: second, attempts: 1',
        'without Redis:     first, attempts: 1',
        'told why:          true',
      ],
  '15-why-there': [
    'One?',
    '  third (round-robin) out of first, second, third',
    '    first: weight 1, 0 in flight',
    '    second: weight 1, 0 in flight',
    '    third: weight 2, 0 in flight',
    'Two?',
    '  first (round-robin) out of first, second, third',
    '    first: weight 1, 0 in flight',
    '    second: weight 1, 0 in flight',
    '    third: weight 2, 0 in flight',
    '  third (round-robin) out of second, third',
    '    second: weight 1, 0 in flight',
    '    third: weight 2, 0 in flight',
    '    not first: cooling down (429)',
    '2 lines in the file, 0 lost',
  ],
  '16-workers': [
    'worker 1 makes a response at second',
    'worker 2 reads it at second: nobody else was asked',
    'worker 1 is killed',
    'worker 3 reads it at second: nobody else was asked',
    'worker 1 reads it at second: nobody else was asked',
  ],
};

describe('examples', () => {
  it('are these', () => {
    expect(names).toEqual(Object.keys(PRINTS));
  });

  it.each(names)('%s runs without keys and prints what it promises', async (name) => {
    expect((await run(name)).trimEnd().split('\n')).toEqual(PRINTS[name]);
  });

  it.each(names)('%s is short and imports only what its reader can install', (name) => {
    const text = readFileSync(join(EXAMPLES, `${name}.ts`), 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
    const imports = [...text.matchAll(/ from '([^']+)'/g)].map(([, from]) => from);
    for (const from of imports)
      expect(from).toMatch(
        /^(load-balanced-openai(\/\w+)?|openai|prom-client|redis|@opentelemetry\/[\w-]+|node:[\w/]+|\.\/(endpoints|file-store)\.ts)$/,
      );
  });

  it('a name that is none is answered with the known ones', async () => {
    const wrong = promisify(execFile)('npm', ['run', '--silent', 'example', 'nothing'], { cwd: ROOT, env });
    await expect(wrong).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(names.join(', ')) });
  });
});
