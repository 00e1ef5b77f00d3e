/** The gateway's log on the console: for people on a terminal, a JSON object a line for everything else. `LOG_LEVEL` says how much. */
import { systemClock } from '../../clock.ts';
import { didYouMean, shownName } from '../../config/suggest.ts';
import { GatewayLog, type LogLevel, logLevels } from '../../gateway/log.ts';

const isLevel = (word: string): word is LogLevel => (logLevels as readonly string[]).includes(word);

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
  const write = (line: string) => void stdout.write(`${line}\n`);
  return new GatewayLog({ level: word, readable: stdout.isTTY === true, write, clock: systemClock });
}
