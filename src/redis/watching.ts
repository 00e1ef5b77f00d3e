/** Two events that both libraries name alike. */
import type { RedisClient } from './clients.ts';

/** Tells when the client is ready again, and when it ended. @returns what ends this, without a trace */
export function watching(client: RedisClient, told: (event: 'ready' | 'end') => void): () => void {
  const ready = () => told('ready');
  const end = () => told('end');
  client.on('ready', ready);
  client.on('end', end);
  return () => {
    client.off('ready', ready);
    client.off('end', end);
  };
}
