import { describe, expect, it } from 'vitest';
import { GatewayLog, type LogLevel } from '../../../src/gateway/http/log.ts';
import { manualClock } from '../../../src/testing/index.ts';

function log(readable: boolean, level: LogLevel = 'info') {
  const lines: string[] = [];
  return {
    lines,
    log: new GatewayLog({ level, readable, write: (line) => void lines.push(line), clock: manualClock() }),
  };
}

describe('a line', () => {
  it('is for people on a terminal: time, level, words, facts', () => {
    const { lines, log: said } = log(true);
    said.info('POST /v1/x 200', { ms: 12, model: 'gpt 5', endpoint: undefined, key: 'app' });
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} info {2}POST \/v1\/x 200 ms=12 model="gpt 5" key=app$/);
  });

  it('is an object for everything else', () => {
    const { lines, log: said } = log(false);
    said.warn('late', { ms: 5, odd: undefined });
    expect(JSON.parse(lines[0] as string)).toEqual({
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      level: 'warn',
      message: 'late',
      ms: 5,
    });
  });

  it('stays one line, and paints nothing', () => {
    const odd = 'a\r\nb\x1b[31mc\u2028d\x9be\u202ef';
    for (const readable of [true, false]) {
      const { lines, log: said } = log(readable);
      said.error(odd, { odd });
      expect(lines).toHaveLength(1);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
      expect(lines[0]).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/);
      if (!readable) expect(JSON.parse(lines[0] as string).odd).toBe(odd);
    }
  });

  it('is written when its level is asked for', () => {
    for (const [level, wanted] of [
      ['off', 0],
      ['error', 1],
      ['warn', 2],
      ['info', 3],
      ['debug', 4],
    ] as const) {
      const { lines, log: said } = log(false, level);
      for (const name of ['error', 'warn', 'info', 'debug'] as const) said[name]('x');
      expect([level, lines.length]).toEqual([level, wanted]);
    }
  });
});
