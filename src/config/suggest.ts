/** "Did you mean …": finds the known word nearest to what was written. Pure; used by every unknown-name message. */

/** What people write who mean another word altogether. */
const SYNONYMS: Readonly<Record<string, string>> = {
  apibase: 'baseURL',
  circuitbreaker: 'breaker',
  deploymentname: 'deployment',
  host: 'baseURL',
  key: 'apiKey',
  order: 'priority',
  retries: 'maxRetries',
  token: 'apiKey',
  url: 'baseURL',
  version: 'apiVersion',
};

const plain = (word: string) => word.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Edits (insert, delete, replace, swap of neighbours) between two short words. */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      let least = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        least = Math.min(least, (beforeLast[j - 2] as number) + 1);
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length] as number;
}

/** The known word that `word` most likely stands for, or `undefined` when nothing is near. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > 40) return undefined;
  const written = plain(word);
  let best: string | undefined;
  let least = Math.max(1, Math.floor(written.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(written, plain(candidate));
    if (distance < least) [best, least] = [candidate, distance];
    if (candidate === SYNONYMS[written]) return candidate;
  }
  return best;
}

/** `; did you mean strategy?`, or nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const found = nearest(word, known);
  return found === undefined ? '' : `; did you mean ${found}?`;
}

/** Does a text look like a key that stands in the wrong place? */
export function looksLikeKey(text: string): boolean {
  return /^(sk|pk|key|org|proj|gsk|xai)[-_]/i.test(text) || (text.length >= 20 && text.replace(/\D/g, '').length >= 5);
}

/** An option's name as messages may show it: a name that looks like a key or like prose is not repeated. */
export function shownName(name: string): string {
  return /^[A-Za-z_$][\w$-]{0,31}$/.test(name) && !looksLikeKey(name) ? name : '(unnamed)';
}
