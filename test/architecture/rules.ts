// The architecture as rules. Each takes the files of a source tree and returns what is wrong, one line each, with file and line.
import type { SourceFile } from './source-tree.ts';

/** A rule: no offences, no lines. */
export type Rule = (files: readonly SourceFile[]) => string[];

/** A folder imports only from folders to its left; those in one inner list do not know each other. A file directly in the root counts by its name. */
export const ORDER: readonly (readonly string[])[] = [
  ['clock'],
  ['call'],
  ['errors'],
  ['observe'],
  ['state'],
  ['strategy'],
  ['config'],
  ['transport'],
  ['endpoint'],
  ['affinity'],
  ['pool'],
  ['dispatch'],
  ['sdk'],
  ['load-balanced-openai'],
  ['index'],
  ['redis', 'otel', 'prometheus', 'testing'],
  ['gateway'],
  ['cli'],
];

/** The same inside of the gateway, as a call passes through it; its own files in the root come last, dashboard aside. */
export const GATEWAY_ORDER: readonly string[] = [
  'config',
  'http',
  'usage',
  'store',
  'outside',
  'keys',
  'pools',
  'running',
  'figures',
  'direct',
  'port',
  'anthropic',
  'call',
  'realtime',
  'pages',
  'configuration',
  'admin',
  'gateway',
];

/** Longest file, in lines. */
export const LONGEST = 200;

const ADD_ONS = ['redis', 'otel', 'prometheus', 'testing'];
/** Folders that are entry points of the package; only these may hold an `index.ts`. */
const ENTRIES = ['transport', ...ADD_ONS, 'gateway', 'cli'];
const rank = (folder: string): number => ORDER.findIndex((step) => step.includes(folder));
const isIndex = (path: string): boolean => path === 'index.ts' || path.endsWith('/index.ts');

/** One-way flow: only leftwards, and add-ons know the public index only. */
export const order: Rule = (files) =>
  files.flatMap((file) => {
    if (rank(file.folder) < 0) return [`${file.path}:1 is in no known folder`];
    return file.imports.flatMap(({ target, line, specifier }) => {
      if (target === undefined) return [];
      const folder = (target.split('/')[0] as string).replace(/\.ts$/, '');
      if (folder === file.folder) return [];
      if (folder === '..') return [`${file.path}:${line} imports ${specifier}, which is outside of the source folder`];
      if (rank(folder) < 0 || rank(folder) >= rank(file.folder)) {
        return [`${file.path}:${line} imports ${specifier}: ${folder} is not to the left of ${file.folder}`];
      }
      if (ADD_ONS.includes(file.folder) && target !== 'index.ts') {
        return [`${file.path}:${line} imports ${specifier}: ${file.folder} may know the public index only`];
      }
      return [];
    });
  });

/** A folder of the gateway imports only from those before it. */
export const gatewayOrder: Rule = (files) => {
  const inner = (path: string) => (path.split('/')[1] as string).replace(/\.ts$/, '');
  const own = files.filter(({ path }) => path.startsWith('gateway/') && inner(path) !== 'dashboard');
  return own.flatMap(({ path, imports }) => {
    const here = GATEWAY_ORDER.indexOf(inner(path));
    if (here < 0) return [`${path}:1 is in no known folder of the gateway`];
    return imports.flatMap(({ target, line, specifier }) => {
      if (!target?.startsWith('gateway/') || inner(target) === inner(path)) return [];
      const there = GATEWAY_ORDER.indexOf(inner(target));
      return there >= 0 && there < here
        ? []
        : [`${path}:${line} imports ${specifier}: ${inner(target)} does not come before ${inner(path)}`];
    });
  });
};

/** A relative import names an existing file, extension included. */
export const targets: Rule = (files) => {
  const known = new Set(files.map((file) => file.path));
  return files.flatMap((file) =>
    file.imports
      .filter(({ target }) => target !== undefined && !/\.(json|css)$/.test(target) && !known.has(target))
      .map(({ line, specifier }) => `${file.path}:${line} imports ${specifier}, which is no file here`),
  );
};

/** No file reaches itself through imports; type imports count too. */
export const cycles: Rule = (files) => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: SourceFile, trail: readonly string[]): void => {
    for (const { target, line } of file.imports) {
      const next = target === undefined ? undefined : byPath.get(target);
      if (next === undefined || done.has(next.path)) continue;
      const from = trail.indexOf(next.path);
      if (from >= 0)
        found.push(`${file.path}:${line} closes a cycle: ${[...trail.slice(from), next.path].join(' → ')}`);
      else visit(next, [...trail, next.path]);
    }
    done.add(file.path);
  };
  for (const file of files) if (!done.has(file.path)) visit(file, [file.path]);
  return found;
};

/** Who may import a package. `values`: the rule does not hold for type-only imports. */
const PACKAGES: readonly { name: string; values: boolean; where: (file: SourceFile) => boolean; hint: string }[] = [
  { name: 'opossum', values: false, where: ({ path }) => path === 'endpoint/breaker.ts', hint: 'endpoint/breaker.ts' },
  { name: 'zod', values: false, where: ({ folder }) => ['config', 'gateway'].includes(folder), hint: 'config/' },
  {
    name: 'undici',
    values: false,
    where: ({ path, folder }) => ['transport', 'cli'].includes(folder) || path.startsWith('gateway/direct/'),
    hint: 'transport/ and gateway/direct/',
  },
  {
    name: 'openai',
    values: true,
    where: ({ path, folder }) =>
      ['sdk', 'errors', 'load-balanced-openai', 'index', 'testing', 'cli', 'gateway'].includes(folder) ||
      /^(endpoint\/sdk-client|dispatch\/classify(-[a-z-]+)?)\.ts$/.test(path),
    hint: 'sdk/, endpoint/sdk-client.ts, errors.ts, dispatch/classify*.ts and load-balanced-openai.ts',
  },
];

/** Packages stay behind the one door they have. */
export const packages: Rule = (files) =>
  files.flatMap((file) =>
    file.imports.flatMap(({ specifier, line, typeOnly, reexport }) => {
      const rule = PACKAGES.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`));
      if (rule === undefined || (rule.values && typeOnly) || rule.where(file)) {
        const free = file.path !== 'index.ts' || specifier.startsWith('.') || reexport || typeOnly;
        return free ? [] : [`${file.path}:${line} imports ${specifier}: the index only re-exports`];
      }
      return [`${file.path}:${line} imports ${specifier}: only ${rule.hint} may`];
    }),
  );

const DASHBOARD = 'gateway/dashboard/';
const BROWSER_PACKAGES: readonly string[] = ['preact', 'preact/hooks', '@preact/signals', 'uplot'];

/**
 * The dashboard runs in a browser: it imports its own files and a few packages, from elsewhere in the source types at most, and
 * nothing of the gateway imports it, since the two meet over HTTP only. Nothing there reads text as markup.
 */
export const browser: Rule = (files) =>
  files.flatMap(({ path, imports, code }) => {
    const inside = path.startsWith(DASHBOARD);
    if (!inside)
      return imports
        .filter(({ target, typeOnly }) => target?.startsWith(DASHBOARD) && !typeOnly)
        .map(({ line, specifier }) => `${path}:${line} imports ${specifier}, which is for browsers`);
    const foreign = imports.filter(({ target, specifier, typeOnly }) =>
      target === undefined
        ? !BROWSER_PACKAGES.includes(specifier) && !/^uplot\/.*\.css$/.test(specifier)
        : !target.startsWith(DASHBOARD) && !typeOnly,
    );
    const markup =
      /\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|eval|Function)\b/g;
    return [
      ...foreign.map(({ line, specifier }) => `${path}:${line} imports ${specifier}, which browsers have not`),
      ...[...code.matchAll(markup)].map(
        (match) => `${path}:${code.slice(0, match.index).split('\n').length} uses ${match[0]}: text is shown as text`,
      ),
    ];
  });

/**
 * The SDK's values are imported by name. Why: in a CommonJS build the default import of `openai` is the whole module, which is a
 * function that builds a plain `OpenAI`: a class that extends it makes no instances of its own, and `instanceof` it is false.
 */
export const namedSdk: Rule = (files) =>
  files.flatMap(({ path, imports }) =>
    imports
      .filter(({ specifier, typeOnly, takesDefault }) => specifier === 'openai' && takesDefault && !typeOnly)
      .map(({ line }) => `${path}:${line} imports the default of openai: import { OpenAI }`),
  );

/** What users install is what the library imports: nothing that is only a development dependency. Gateway and CLI are bundled. */
export const installed =
  (names: readonly string[]): Rule =>
  (files) =>
    files.flatMap((file) =>
      file.imports
        .filter(({ specifier }) => !/^(\.|node:)/.test(specifier) && !['gateway', 'cli'].includes(file.folder))
        .filter(({ specifier }) => !names.some((name) => specifier === name || specifier.startsWith(`${name}/`)))
        .map(({ line, specifier }) => `${file.path}:${line} imports ${specifier}, which users do not install`),
    );

/** Short files. */
export const lengths: Rule = (files) =>
  files.flatMap((file) => {
    const lines = file.text.replace(/\n$/, '').split('\n').length;
    return lines > LONGEST ? [`${file.path}:${lines} has ${lines} lines, ${LONGEST} are the limit`] : [];
  });

/** Files named after what they hold, in kebab-case; no drawer for odds and ends, no barrel in a core folder. */
export const names: Rule = (files) =>
  files.flatMap(({ path, exports, imports, code }) => {
    const found: string[] = [];
    const parts = path.replace(/\.tsx?$/, '').split('/');
    const odd = parts.find((part) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part));
    if (odd !== undefined) found.push(`${path}:1 ${odd} is not kebab-case`);
    const drawer = parts.find((part) => /^(utils?|helpers?|types|common|misc)$/.test(part));
    if (drawer !== undefined) found.push(`${path}:1 ${drawer} says nothing about what it holds`);
    if (isIndex(path) && path !== 'index.ts' && !(parts.length === 2 && ENTRIES.includes(parts[0] as string))) {
      found.push(`${path}:1 is a barrel: import the files themselves`);
    }
    const statements = code.split(';').filter((statement) => statement.trim() !== '').length;
    if (!isIndex(path) && exports.length > 0 && statements === imports.filter(({ reexport }) => reexport).length) {
      found.push(`${path}:1 only re-exports: import the files themselves`);
    }
    return found;
  });

const TIME_AND_CHANCE =
  /(?<![\w$])(?:Date\.now|Math\.random|performance\.now|process\.hrtime|AbortSignal\.timeout|new Date\(\s*\))(?![\w$])|(?<![\w$.])(?:globalThis\.)?(?:setTimeout|setInterval)(?![\w$])/g;

/** `clock.ts` is the only door to time and chance. */
export const time: Rule = (files) =>
  files
    .filter(({ folder }) => !['clock', 'transport', 'testing', 'gateway', 'cli'].includes(folder))
    .flatMap(({ path, code }) =>
      [...code.matchAll(TIME_AND_CHANCE)].map(
        (match) => `${path}:${code.slice(0, match.index).split('\n').length} uses ${match[0]}: ask the clock`,
      ),
    );

const INTO_A_FIELD =
  /(?<!typeof )\b[\w$]+(?:\.#?[\w$]+)+\s*(?:\?\?|\|\||&&)?=\s*(?:async\s+)?(?:function\b|[\w$]+\s*=>|\((?:[^()]|\([^()]*\))*\)\s*(?::[^=;{]*)?=>)/g;
/** Where calls pass. */
const OF_CALLS: readonly string[] = ['transport', 'endpoint', 'affinity', 'pool', 'dispatch', 'sdk'];

/**
 * V8 makes a function that is written straight into a field among its old objects: all of the call that it sees lives until
 * those are collected, which costs a call more than the rest of its collecting. One that has a name first is made young.
 */
export const young: Rule = (files) =>
  files
    .filter(({ folder }) => OF_CALLS.includes(folder))
    .flatMap(({ path, code }) =>
      [...code.matchAll(INTO_A_FIELD)].map(
        (match) => `${path}:${code.slice(0, match.index).split('\n').length} writes a function straight into a field`,
      ),
    );

/** Every file opens with one to five lines on what it is for. */
export const openings: Rule = (files) =>
  files.flatMap(({ path, text }) => {
    const body = text.replace(/^#!.*\n/, '');
    const block = /^\/\*[\s\S]*?\*\//.exec(body)?.[0] ?? /^(?:\/\/.*(?:\n|$))+/.exec(body)?.[0];
    if (block === undefined) return [`${path}:1 does not begin with a comment`];
    const lines = block.split('\n').filter((line) => /[\p{L}\p{N}]/u.test(line)).length;
    return lines >= 1 && lines <= 5 ? [] : [`${path}:1 begins with a comment of ${lines} lines: one to five are right`];
  });

/** Every export says, right before it, what a caller may rely on. Re-exports of an index excepted. */
export const docs: Rule = (files) =>
  files.flatMap((file) =>
    file.exports.flatMap((item, index) => {
      const overload = file.exports[index - 1]?.name === item.name && file.exports[index - 1]?.kind === 'here';
      if (overload || item.kind === 'from') return [];
      const declared =
        item.kind === 'here'
          ? item.at
          : file.code.search(
              new RegExp(
                `^[^\\n]*\\b(const|let|function|class|interface|type)\\s+${item.local.replaceAll('$', '\\$')}\\b`,
                'm',
              ),
            );
      const before = declared < 0 ? '' : file.text.slice(0, declared).replace(/(\s*\/\/ biome-ignore[^\n]*)+\s*$/, '');
      const documented = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*$/.exec(before);
      if (documented === null) return [`${file.path}:${item.line} exports ${item.name} without a doc comment`];
      const gap = /\n[^\S\n]*\n\s*$/.test(before);
      return gap
        ? [`${file.path}:${item.line} exports ${item.name}, but a blank line parts it from its doc comment`]
        : [];
    }),
  );

/** Named exports only, index files excepted; and nobody re-exports everything. */
export const exportStyle: Rule = (files) =>
  files.flatMap(({ path, exports }) =>
    exports.flatMap(({ name, line }) => {
      if (name === '*') return [`${path}:${line} re-exports everything: name the names`];
      return name === 'default' && !isIndex(path) ? [`${path}:${line} has a default export`] : [];
    }),
  );

/** The sorted names a file exports. */
export function publicNames(files: readonly SourceFile[], path: string): string[] {
  const file = files.find((one) => one.path === path);
  return [...new Set(file?.exports.map(({ name }) => name) ?? [])].sort();
}
