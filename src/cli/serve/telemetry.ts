/** The gateway tells its calls to OpenTelemetry where its process registered an SDK: `node --import ./otel.mjs …`. Without one nothing of it is loaded. */
import type { Telemetry } from '../../gateway/call/telemetry.ts';
import type { GatewayLog } from '../../gateway/http/log.ts';

/** Where the API of OpenTelemetry keeps what was registered, for all its copies in a process. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

/** What tells calls, if an SDK was registered before the gateway began. */
export async function registeredTelemetry(log: GatewayLog): Promise<Telemetry | undefined> {
  const registered = (globalThis as { [REGISTERED]?: { trace?: unknown; metrics?: unknown } })[REGISTERED];
  if (!registered?.trace && !registered?.metrics) return undefined;
  try {
    const { openTelemetry, withinIncoming } = await import('../../otel/index.ts');
    log.info('telling calls to OpenTelemetry');
    return { observer: openTelemetry(), within: withinIncoming };
  } catch (error) {
    log.warn(
      'An OpenTelemetry SDK is registered, but @opentelemetry/api is not found from where this package is: install both in one folder.',
      { error: (error as Error).message },
    );
    return undefined;
  }
}
