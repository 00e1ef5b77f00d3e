/** How the page looks, as its reader chose: light, dark or as the system has it; and the language. Kept in this browser. */
import { effect, signal } from '@preact/signals';

/** The choice. */
export type Theme = 'auto' | 'light' | 'dark';
/** A language of the page. */
export type Language = 'en' | 'zh';

function recall<Value extends string>(place: string, values: readonly Value[]): Value | undefined {
  try {
    const found = localStorage.getItem(place) as Value | null;
    return found !== null && values.includes(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

function keep(place: string, value: string): void {
  try {
    localStorage.setItem(place, value);
  } catch {
    // It holds for this page then.
  }
}

const [THEME, LANGUAGE] = ['load-balanced-openai.theme', 'load-balanced-openai.language'];
const system = matchMedia('(prefers-color-scheme: dark)');

/** The chosen theme. */
export const theme = signal<Theme>(recall<Theme>(THEME, ['auto', 'light', 'dark']) ?? 'auto');
const systemIsDark = signal(system.matches);
system.addEventListener('change', ({ matches }) => {
  systemIsDark.value = matches;
});

/** The chosen language; at first that of the browser. */
export const language = signal<Language>(
  recall<Language>(LANGUAGE, ['en', 'zh']) ?? (navigator.language.startsWith('zh') ? 'zh' : 'en'),
);

/** What is shown: `light` or `dark`. */
export const shade = signal<'light' | 'dark'>('light');

effect(() => {
  shade.value = theme.value === 'auto' ? (systemIsDark.value ? 'dark' : 'light') : theme.value;
  document.documentElement.dataset.theme = shade.value;
});
effect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
});

/** Light, dark. */
export function switchTheme(): void {
  theme.value = shade.value === 'dark' ? 'light' : 'dark';
  keep(THEME, theme.value);
}

/** English, Chinese. */
export function switchLanguage(): void {
  language.value = language.value === 'en' ? 'zh' : 'en';
  keep(LANGUAGE, language.value);
}
