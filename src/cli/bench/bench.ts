/** `bench`: calls a gateway, or whatever speaks OpenAI's API, and says how fast it answers, who answered, and what failed. */
import { didYouMean } from '../../config/suggest.ts';
import { type Line, paint } from '../demo/paint.ts';
import { optionHelp, readOptions } from '../read-options.ts';
import { type Asked, OPTIONS, readAsked } from './asked.ts';
import { type OwnGateway, ownGateway } from './own-gateway.ts';
import { heading, progress, summary } from './report.ts';
import { type Run, runLoad } from './run-load.ts';
import type { Figures } from './tally.ts';
import { look, type Target, targetAt } from './target.ts';

const HELP = [
  'Usage: load-balanced-openai bench [options]',
  '',
  'Makes small chat calls to one address and prints calls a second, times, who served',
  'them, and what failed. Without --url it starts a gateway with endpoints of its own,',
  'which answer after a quarter of a second and fail now and then; that costs nothing.',
  'Calls to anybody else cost what they cost there. The exit code is 0 when every call',
  'was answered, 1 when one failed, 2 when it was asked for the wrong way.',
  '',
  ...optionHelp(OPTIONS),
  '',
  'Examples:',
  '  load-balanced-openai bench',
  '  load-balanced-openai bench --url http://127.0.0.1:8000/v1 --calls 1000 --concurrency 32',
  '  load-balanced-openai bench --url 127.0.0.1:8000 --model gpt-5 --stream --duration 30',
  '  load-balanced-openai bench --json | jq .ms.p95',
].join('\n');

/** How often a terminal shows how far it is, ms. */
const FRAME = 100;
const WIDTH = 200;

function print(lines: readonly Line[]): void {
  for (const line of lines) process.stdout.write(`${paint(line, WIDTH, process.stdout)}\n`);
}

/** The model to ask, or what to do to have one. */
function modelOf({ model, url }: Asked, target: Target, models: readonly string[]): string | { problem: string } {
  if (model !== undefined) {
    // Patterns and models that are not listed may be served all the same; a slip of the pen is told before it costs time.
    const hint =
      models.length > 0 && !models.includes(model) ? didYouMean(model.split('$', 1)[0] as string, models) : '';
    if (hint.startsWith('; did')) process.stderr.write(`${target.baseURL} lists no model ${model}${hint}\n`);
    return model;
  }
  const [first] = models;
  if (first !== undefined && target.local) return first;
  const some = models.slice(0, 8).join(', ');
  const which = some === '' ? 'it lists none' : `it lists ${some}${models.length > 8 ? ', …' : ''}`;
  return { problem: `Which model is ${url ?? target.baseURL} to be asked for? Say --model; ${which}.` };
}

/** Shows how far it is while it runs, on a terminal. @returns what ends that */
function watch(run: Run, total: number | undefined): () => void {
  const { stdout } = process;
  if (!stdout.isTTY) return () => undefined;
  const show = () => {
    // Some terminals do not say how wide they are.
    const columns = stdout.columns || 80;
    stdout.write(`\r\x1b[2K${paint(progress(run.now(), total, columns), columns - 1, stdout)}`);
  };
  const timer = setInterval(show, FRAME);
  return () => {
    clearInterval(timer);
    show();
    stdout.write('\n\n');
  };
}

async function measure(asked: Asked, target: Target): Promise<number> {
  const seen = await look(target);
  const model = seen.is === 'there' ? modelOf(asked, target, seen.models) : seen;
  if (typeof model !== 'string') {
    process.stderr.write(`${model.problem}\n`);
    return seen.is === 'there' ? 2 : 1;
  }
  const { json, stream, concurrency, duration, maxTokens, url } = asked;
  const calls = asked.calls ?? (duration === undefined ? (target.local ? 200 : 20) : undefined);
  if (url !== undefined) process.stderr.write(`${costs(target)}\n`);
  const what = calls === undefined ? `${duration} s` : `${calls.toLocaleString('en')} calls`;
  const kind = stream ? 'streamed' : 'not streamed';
  const about = { baseURL: target.baseURL, model, stream: kind, concurrency: String(concurrency), what };
  if (!json) print(heading(about));
  const run = runLoad(target, {
    body: JSON.stringify({
      ...{ model, messages: [{ role: 'user', content: 'Say hello in one word.' }] },
      ...(maxTokens > 0 && { max_completion_tokens: maxTokens }),
      ...(stream && { stream }),
    }),
    ...{ stream, concurrency, calls: calls ?? Number.POSITIVE_INFINITY },
    duration: duration === undefined ? Number.POSITIVE_INFINITY : duration * 1_000,
  });
  let stopped = false;
  const stop = () => {
    stopped = true;
    run.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  const unwatch = json ? () => undefined : watch(run, calls);
  const figures = await run.over;
  unwatch();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
  if (json)
    process.stdout.write(`${JSON.stringify(asJson(figures, { ...about, streamed: stream, concurrency }), null, 2)}\n`);
  else print([...(stopped ? [['  Stopped before the end.'], []] : []), ...summary(figures)]);
  return figures.failed > 0 ? 1 : stopped ? 130 : 0;
}

const costs = ({ local, baseURL }: Target) =>
  local
    ? 'What answers there may ask others, which costs money where they take some.'
    : `These calls are real: ${new URL(baseURL).host} charges for them.`;

/** Times to a hundredth of a millisecond. */
const rounded = (_: string, value: unknown) => (typeof value === 'number' ? Math.round(value * 100) / 100 : value);

function asJson(figures: Figures, about: { baseURL: string; model: string; streamed: boolean; concurrency: number }) {
  const { baseURL, model, streamed, concurrency } = about;
  return JSON.parse(
    JSON.stringify({ url: baseURL, model, stream: streamed, concurrency, ...figures }, rounded),
  ) as object;
}

/** The command. @param program what starts this program anew @returns the exit code */
export async function bench(args: readonly string[], program = process.argv[1] as string): Promise<number> {
  const options = readOptions(args, OPTIONS);
  if (options.is === 'read' && options.values.help) {
    console.log(HELP);
    return 0;
  }
  const asked = options.is === 'wrong' ? options.problem : readAsked(options.values, process.env);
  if (typeof asked === 'string') {
    console.error(`${asked}\n\n${HELP}`);
    return 2;
  }
  let own: OwnGateway | undefined;
  let target: Target | undefined;
  try {
    if (asked.url === undefined) own = await ownGateway(program);
    target = targetAt(own?.baseURL ?? (asked.url as string), asked.key);
    return await measure(asked, target);
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  } finally {
    target?.close();
    await own?.close();
  }
}
