/** The texts of the page in the language of its reader. */
import { language } from './look.ts';
import { en } from './texts/en.ts';
import { fill } from './texts/fill.ts';
import { inChinese } from './texts/reasons.ts';
import { zh } from './texts/zh.ts';

/** The name of a text. */
export type TextName = keyof typeof en;

/** A text, its `{names}` filled in. What reads it is drawn anew when the language changes. */
export function say(name: TextName, values: Readonly<Record<string, string | number>> = {}): string {
  return fill((language.value === 'zh' ? zh : en)[name], values);
}

/** A word of the gateway's for why, in the language of the page. */
export const sayReason = (reason: string): string => (language.value === 'zh' ? inChinese(reason) : reason);
