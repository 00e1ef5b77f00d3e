/**
 * Lets observers put an attempt's sending into a context of theirs. They can neither keep an attempt from being sent nor have it
 * sent twice, and what they want sent along stands in the place of nothing.
 */
import type { Observer, SendingFacts } from './events.ts';

/** What goes along: nobody else holds it, so that nothing comes in afterwards. */
type Headers = Readonly<Record<string, string>>;

/** Sends within the contexts of all observers that have one. */
export type SendWithin = <Sent>(facts: SendingFacts, send: (headers: Headers) => Promise<Sent>) => Promise<Sent>;

/** Who a request is from, where it goes, what it holds and how it travels is nobody's to add. */
const KEPT = new RegExp(
  '^(authorization|(x-)?api-key|x-goog-.*|openai-.*|anthropic-.*|x-stainless-.*|idempotency-key|cookie2?|host|origin|referer' +
    '|content-.*|accept.*|transfer-encoding|te|trailer|upgrade|expect|connection|keep-alive|proxy-.*|user-agent)$',
);
const NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
const VALUE = /^[\t\x20-\x7e]{0,8192}$/;

/** What of it may be sent along. */
function tidied(headers: Record<string, string>): Headers {
  const fitting: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value: unknown = headers[name];
    if (NAME.test(name) && !KEPT.test(name) && typeof value === 'string' && VALUE.test(value)) fitting[name] = value;
  }
  return fitting;
}

/**
 * @param observers those that have a context.
 * @param failed told when an observer throws.
 * @returns `undefined` where no observer has a context.
 */
export function sendWithin(observers: readonly Observer[], failed: (error: unknown) => void): SendWithin | undefined {
  if (observers.length === 0) return undefined;
  return <Sent>(facts: SendingFacts, send: (headers: Headers) => Promise<Sent>) => {
    let sent: Promise<Sent> | undefined;
    const step = (index: number): void => {
      const observer = observers[index];
      if (!observer) {
        try {
          sent = send(tidied(facts.headers));
        } catch (error) {
          // Not the observers' fault, whose calls this is inside of.
          sent = Promise.reject(error);
        }
        return;
      }
      let gone = false;
      const next = () => {
        if (gone) return;
        gone = true;
        step(index + 1);
      };
      try {
        const result = observer.sending?.(facts, next) as unknown;
        if (result instanceof Promise) result.catch(failed);
      } catch (error) {
        failed(error);
      }
      next();
    };
    step(0);
    return sent as unknown as Promise<Sent>;
  };
}
