/** What becomes of a body that nobody wanted. Part of answering a message. */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../clock.ts';

/** What of a body nobody wanted is let through for so long, in ms: its sender reads the answer only after it. */
const PATIENCE = 5_000;

/** Lets the rest of a body that was refused pass, for a while; then the connection ends. */
export function letPass(message: IncomingMessage, clock: Clock): void {
  if (message.complete || message.destroyed) return;
  const cancel = clock.after(PATIENCE, () => message.destroy(), false);
  message.once('end', cancel).once('close', cancel);
  message.resume();
}
