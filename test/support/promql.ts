// Reads PromQL: enough of it to know every metric that an expression uses, with which labels, in which function and under which
// grouping. What it cannot read it refuses.

/** One metric in an expression. */
export interface Use {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
  /** Whether it is asked for over a time. */
  readonly range: boolean;
  /** As it was some time ago. */
  readonly earlier: boolean;
  /** Functions and aggregations around it, the innermost first. */
  readonly inside: readonly string[];
  /** Labels by which it is grouped, in any of them. */
  readonly grouped: readonly string[];
}

const AGGREGATIONS = new Set(['sum', 'min', 'max', 'avg', 'count', 'topk', 'bottomk', 'quantile', 'stddev', 'group']);
const FUNCTIONS = new Set(
  'rate irate increase delta histogram_quantile min_over_time max_over_time avg_over_time sum_over_time clamp_min clamp_max absent label_values'.split(
    ' ',
  ),
);
const OPERATORS = new Set(['+', '-', '*', '/', '%', '^', '==', '!=', '>', '<', '>=', '<=', 'and', 'or', 'unless']);
const TOKEN =
  /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(\d+(?:ms|[smhdwy])(?:\d+(?:ms|[smhdwy]))*|\$__\w+)|(\d+(?:\.\d+)?|\$[a-z]\w*)|([a-zA-Z_:][\w:]*)|(=~|!~|==|!=|>=|<=|[-+*/%^=<>(){},[\]]))/y;

type Kind = 'string' | 'duration' | 'number' | 'word' | 'sign';
interface Token {
  readonly kind: Kind;
  readonly text: string;
}

function tokensIn(text: string): Token[] {
  const tokens: Token[] = [];
  const whole = text.trim();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < whole.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(whole);
    if (!match) throw new Error(`cannot read ${whole.slice(at)}`);
    const kinds: readonly Kind[] = ['string', 'duration', 'number', 'word', 'sign'];
    const index = match.slice(1).findIndex((part) => part !== undefined);
    tokens.push({ kind: kinds[index] as Kind, text: match[index + 1] as string });
  }
  return tokens;
}

/** The metrics in an expression. @throws Error for what is no PromQL. */
export function usesIn(expression: string): Use[] {
  const tokens = tokensIn(expression);
  const uses: Use[] = [];
  let at = 0;
  const peek = () => tokens[at];
  const is = (text: string) => peek()?.text === text && peek()?.kind !== 'string';
  const wrong = (): never => {
    throw new Error(`unexpected ${peek()?.text ?? 'end'} in ${expression}`);
  };
  const take = (text?: string): Token => {
    const token = peek();
    if (!token || (text !== undefined && !is(text))) return wrong();
    at += 1;
    return token;
  };
  const list = <Item>(open: string, close: string, item: () => Item): Item[] => {
    const items: Item[] = [];
    take(open);
    while (!is(close)) {
      items.push(item());
      if (!is(close)) take(',');
    }
    take(close);
    return items;
  };
  const word = () => (peek()?.kind === 'word' ? take().text : wrong());
  const labels = () => list('(', ')', word);
  const matcher = () => {
    const label = word();
    const operator = take().text;
    if (!['=', '!=', '=~', '!~'].includes(operator) || peek()?.kind !== 'string') wrong();
    return { label, operator, value: take().text.slice(1, -1) };
  };
  const grouping = () => {
    if (!is('by') && !is('without')) return [];
    take();
    return labels();
  };

  function selector(inside: readonly string[], grouped: readonly string[]): void {
    const metric = word();
    const matchers = is('{') ? list('{', '}', matcher) : [];
    let range = false;
    if (is('[')) {
      take();
      if (take().kind !== 'duration') wrong();
      take(']');
      range = true;
    }
    const earlier = is('offset');
    if (earlier) {
      take();
      if (take().kind !== 'duration') wrong();
    }
    uses.push({ metric, matchers, range, earlier, inside, grouped });
  }

  function primary(inside: readonly string[], grouped: readonly string[]): void {
    if (is('-')) take();
    const token = peek() ?? wrong();
    if (token.kind === 'number' || token.kind === 'string') take();
    else if (is('(')) {
      take();
      binary(inside, grouped);
      take(')');
    } else if (token.kind !== 'word') wrong();
    else if (AGGREGATIONS.has(token.text) || FUNCTIONS.has(token.text)) call(token.text, inside, grouped);
    else selector(inside, grouped);
  }

  function call(name: string, inside: readonly string[], grouped: readonly string[]): void {
    take(name);
    const isAggregation = AGGREGATIONS.has(name);
    const by = isAggregation ? grouping() : [];
    const from = uses.length;
    list('(', ')', () => binary([name, ...inside], [...grouped, ...by]));
    const after = isAggregation ? grouping() : [];
    for (let index = from; index < uses.length; index++) {
      const use = uses[index] as Use;
      uses[index] = { ...use, grouped: [...use.grouped, ...after] };
    }
  }

  function binary(inside: readonly string[], grouped: readonly string[]): void {
    primary(inside, grouped);
    while (OPERATORS.has(peek()?.text ?? '')) {
      take();
      if (is('bool')) take();
      if (is('on') || is('ignoring')) {
        take();
        labels();
      }
      primary(inside, grouped);
    }
  }

  binary([], []);
  if (at < tokens.length) wrong();
  return uses;
}
