/** The gateway's log on the console: for people on a terminal, a JSON object a line for everything else. `LOG_LEVEL` says how much. */
import { systemClock } from '../../clock.ts';
import { didYouMean, shownName } from '../../config/suggest.ts';
import { GatewayLog, type LogLevel, logLevels } from '../../gateway/http/log.ts';

const isLevel = (word: string): word is LogLevel => (logLevels as readonly string[]).includes(word);

/** How long a line may wait for others, in ms. */
const TOGETHER = 10;

/** Lines of a moment go out together: a pipe takes each write at once, and a call should not wait for that. */
function together(stdout: NodeJS.WriteStream): (line: string) => void {
  let pending = '';
  const flush = () => {
    if (pending !== '') stdout.write(pending);
    pending = '';
  };
  process.once('exit', flush);
  return (line) => {
    if (pending === '') setTimeout(flush, TOGETHER).unref();
    pending += `${line}\n`;
  };
}

/** The log, or what is wrong with `LOG_LEVEL`. */
export function consoleLog(
  level = 'info',
  stdout: NodeJS.WriteStream = process.stdout,
): GatewayLog | { readonly problem: string } {
  const word = level.trim().toLowerCase() || 'info';
  if (!isLevel(word)) {
    const known = logLevels.join(', ');
    return { problem: `LOG_LEVEL is '${shownName(word)}'${didYouMean(word, logLevels)}; known are ${known}.` };
  }
  const write = together(stdout);
  return new GatewayLog({ level: word, readable: stdout.isTTY === true, write, clock: systemClock });
}
