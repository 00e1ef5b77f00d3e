/** Colours of lines and areas, told apart by all kinds of eyes (Okabe and Ito); beside each stands a word, never the colour alone. */

const COLOURS = {
  light: ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#8a8f98', '#b8a800'],
  dark: ['#4aa3df', '#f0b429', '#2bbf94', '#dd9bc0', '#8ccdf2', '#ee7b30', '#9aa0aa', '#d9cc3c'],
} as const;

/** How the theme paints. */
export interface Paint {
  readonly good: string;
  readonly bad: string;
  readonly slow: string;
  readonly text: string;
  readonly grid: string;
}

const PAINT: Readonly<Record<'light' | 'dark', Paint>> = {
  light: { good: '#0b62d6', bad: '#d55e00', slow: '#7a5cc4', text: '#5a6270', grid: '#e7e9ee' },
  dark: { good: '#6aa8ff', bad: '#ff8a4c', slow: '#b79cff', text: '#9aa3af', grid: '#262b34' },
};

/** The paint of a theme. */
export const paintOf = (shade: 'light' | 'dark'): Paint => PAINT[shade];

/** The colour of the n-th thing. */
export function colourOf(index: number, shade: 'light' | 'dark'): string {
  const colours = COLOURS[shade];
  return colours[index % colours.length] as string;
}
