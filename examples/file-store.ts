// A store in a file: what the processes of one machine share, and what is still known after a restart. Each line is something
// that happened, and the order of the lines is everybody's. The file only grows; begin a new one now and then.
import { appendFileSync, fstatSync, openSync, readSync } from 'node:fs';
import type { SharedStore } from 'load-balanced-openai';

type Line = { key: string; value?: string; add?: number; message?: string; at: number; ttl: number; by: string };

export function fileStore(path: string): SharedStore {
  const file = openSync(path, 'a+');
  const facts = new Map<string, { value: string; until: number }>();
  const listeners = new Set<(line: Line) => Promise<unknown>>();
  const me = `${process.pid}-${performance.now()}-${Math.random()}`;
  let total = 0; // of our own addition that was read last
  let end = 0; // of what was read so far

  function current(key: string, at: number) {
    const fact = facts.get(key);
    return fact && at < fact.until ? fact : undefined;
  }
  function apply(line: Line) {
    const { key, value, add, message, at, ttl, by } = line;
    if (value !== undefined) facts.set(key, { value, until: at + ttl });
    if (add !== undefined) {
      const { value: before = '0', until = at + ttl } = current(key, at) ?? {};
      facts.set(key, { value: String(Number(before) + add), until });
      if (by === me) total = Number(before) + add;
    }
    if (message !== undefined) for (const hear of listeners) hear(line).catch(() => {}); // what it throws is its own affair
  }
  function look() {
    const bytes = Buffer.alloc(fstatSync(file).size - end);
    readSync(file, bytes, 0, bytes.length, end);
    const whole = bytes.lastIndexOf('\n') + 1; // the last line may still be on its way
    end += whole;
    for (const line of bytes.toString('utf8', 0, whole).split('\n')) if (line !== '') apply(JSON.parse(line));
  }
  function write(key: string, ttl: number, what: Partial<Line>) {
    appendFileSync(file, `${JSON.stringify({ key, ttl, ...what, at: Date.now(), by: me })}\n`);
    look();
    return total;
  }

  return {
    get(key) {
      look();
      return current(key, Date.now())?.value;
    },
    set: (key, value, ttl) => write(key, ttl, { value }),
    add: (key, add, ttl) => write(key, ttl, { add }),
    publish: (key, message) => write(key, 0, { message }),
    subscribe(channel, listener) {
      look();
      const hear = async ({ key, message = '' }: Line) => key === channel && listener(message);
      const timer = setInterval(look, 50).unref();
      listeners.add(hear);
      return () => listeners.delete(hear) && clearInterval(timer);
    },
  };
}
