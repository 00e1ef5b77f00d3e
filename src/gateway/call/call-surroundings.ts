/** What all calls of a gateway share, whichever configuration they began with. */
import type { Clock } from '../../clock.ts';
import type { Figures } from '../figures/figures.ts';
import type { LiveFigures } from '../figures/live-figures.ts';
import type { BodyRoom } from '../http/body-room.ts';
import type { GatewayLog } from '../http/log.ts';
import type { Allowances } from '../keys/allowance.ts';
import type { MadeBy } from '../keys/made-by.ts';
import type { GatewayStore } from '../store/gateway-store.ts';

/** What calls share beside the configuration they began with. */
export interface CallSurroundings {
  readonly clock: Clock;
  readonly log: GatewayLog;
  readonly figures: Figures;
  /** The same by second, of late. */
  readonly live: LiveFigures;
  readonly bodies: BodyRoom;
  readonly allowances: Allowances;
  readonly madeBy: MadeBy;
  readonly store: GatewayStore;
  /** When the gateway began, in ms since 1970. */
  readonly since: number;
  /** True once the gateway is about to end, though it takes what comes. */
  readonly leaving: () => boolean;
  /** True once no new calls are wanted on a connection. */
  readonly closing: () => boolean;
}
