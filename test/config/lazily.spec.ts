// The promise: importing the package builds no schema, and a client those that it needs, once.
import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import { lazily } from '../../src/config/fields.ts';

const built = vi.hoisted(() => [] as string[]);

vi.mock(import('zod'), async (original) => {
  const real = await original();
  const counted = new Proxy(real.z, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        built.push(String(name));
        return (value as (...args: unknown[]) => unknown)(...args);
      };
    },
  });
  return { ...real, z: counted };
});

it('importing builds no schema, the first client some, the second none', async () => {
  const { LoadBalancedOpenAI } = await import('../../src/index.ts');
  expect(built).toEqual([]);
  new LoadBalancedOpenAI([{ apiKey: 'a' }]);
  expect(built.length).toBeGreaterThan(0);
  built.length = 0;
  const client = new LoadBalancedOpenAI([{ apiKey: 'a' }], { fallbacks: { m: ['n'] } });
  expect(built).toEqual([]);
  client.balancer.with({ session: 'a' });
  expect(built.length).toBeGreaterThan(0);
  built.length = 0;
  client.balancer.with({ session: 'b' });
  expect(built).toEqual([]);
});

it('builds when first asked, and once', () => {
  const build = vi.fn(() => z.string());
  const schema = lazily(build);
  expect(build).not.toHaveBeenCalled();
  expect(schema()).toBe(schema());
  expect(build).toHaveBeenCalledOnce();
});
