import { expect, it } from 'vitest';
import { memoryGatewayStore } from '../../../src/gateway/store/memory-gateway-store.ts';
import { callOf, storeContract } from './store-contract.ts';

storeContract(memoryGatewayStore);

it('keeps at most 10,000 calls, whatever it is told', () => {
  const store = memoryGatewayStore();
  store.calls.keep({ retentionDays: 7, maxRows: 1_000_000 });
  const at = Date.now();
  for (let count = 0; count < 12_500; count += 1) store.calls.record(callOf({ id: String(count), at }));
  let seen = 0;
  for (let next: string | null | undefined; next !== null; ) {
    const page = store.calls.page({ limit: 1_000, before: next });
    seen += page.calls.length;
    next = page.next;
  }
  expect(seen).toBe(10_000);
  expect(store.calls.usage({ by: [] })).toMatchObject([{ calls: 12_500 }]);
  expect(store.place).toBe('memory');
  expect(store.state).toEqual({ is: 'well' });
});
