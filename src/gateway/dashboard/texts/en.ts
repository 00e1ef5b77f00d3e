/** All texts in English. */
import { changing } from './en-changing.ts';
import { watching } from './en-watching.ts';

/** The texts by name. */
export const en = { ...watching, ...changing };
