/**
 * One `node:diagnostics_channel` per event: for tools that watch a process without touching its clients. Channels belong to the
 * process, so that a subscriber hears every client and every gateway in it, whenever it came.
 */
import { type Channel, channel } from 'node:diagnostics_channel';
import { type BalancerEvent, type EventName, eventNames } from './events.ts';

/** What stands before the event's name: `load-balanced-openai:call-start`. */
const PREFIX = 'load-balanced-openai:';

// Held here for good: Node forgets channels that nobody holds, with those who subscribed by name.
const all: readonly Channel[] = eventNames.map((name) => channel(`${PREFIX}${name}`));
const byName = Object.fromEntries(eventNames.map((name, index) => [name, all[index]])) as Record<EventName, Channel>;

/** True while anybody subscribes to the channel of an event. Read several times per call: it looks and makes nothing. */
export const channelHeard = (name: EventName): boolean => byName[name].hasSubscribers;

/** True while anybody subscribes to any of them. */
export function channelsHeard(): boolean {
  for (let i = 0; i < all.length; i++) if ((all[i] as Channel).hasSubscribers) return true;
  return false;
}

/** Publishes an event on its channel. What a subscriber throws, Node raises as an uncaught exception later; it never comes here. */
export function publish(event: BalancerEvent): void {
  const heard = byName[event.type];
  if (heard.hasSubscribers) heard.publish(event);
}
