/** All texts in Chinese. */
import { changing } from './zh-changing.ts';
import { watching } from './zh-watching.ts';

/** The texts by name. */
export const zh = { ...watching, ...changing };
