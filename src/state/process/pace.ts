/** How fast members find out that who leads is gone, and how long they wait for each other. */

/** Who leads and says nothing for so long, in ms, although asked, leads no more. */
export const SILENCE = 700;
/** It welcomes others within this time, in ms; the shorter one holds after its silence. */
export const WELCOME_WITHIN = { first: 1_000, again: 250 } as const;
/** How often one looks whether the one who leads still does, in ms. */
export const LOOK_EVERY = 400;
/** Who knows everything, and gives no sign for so long, in ms, is not waited for any longer. */
export const GONE_AFTER = 2_000;
/** An heir that has time hangs up within this time, in ms, on who asks whether it lives. */
export const HANGS_UP_WITHIN = 100;
/** Who leads was heard within this time, in ms: whoever thinks it gone has no time himself. */
export const JUST_NOW = 250;
/** So long the first heir alone may take over, in ms. */
export const STEP = 20;
/** So long nobody takes over from another one, in ms, who knows nothing. */
export const NEWCOMER = 100;
/** Ms between two attempts, at first. */
export const AGAIN = 4;
/** Where no socket can be made, it is tried again after so many ms. */
export const PAUSE = 1_000;
