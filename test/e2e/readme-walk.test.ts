import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import type { schema as Schema } from '../../src/schema.ts';
import { freshDatabase } from '../support/postgres.ts';
import { connectSocket } from '../support/socket.ts';
import { post } from '../support/post.ts';
import { customerToken, staffToken } from '../support/tokens.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const customerId = 'cus_00000000-0000-4000-8000-00000000a11e';

/** The steps of the walk in the README: a file and a function each. */
const steps = [...readFileSync(`${root}README.md`, 'utf8').matchAll(/^\d+\. `(src\/[^`]+)`: `(\w+)`/gm)].map(
  ([, path = '', name = '']) => ({ path, step: `${path}: ${name}` }),
);

let trace: string[] = [];

type AnyFunction = (...args: unknown[]) => unknown;

/**
 * The same function, recording each call. Its result is traced too: a function by its own name, an iterator by the
 * name of the function that made it.
 */
function traced(path: string, original: AnyFunction, name = original.name): AnyFunction {
  return (...args) => {
    trace.push(`${path}: ${name}`);
    const made = original(...args);
    if (typeof made === 'function') return traced(path, made as AnyFunction);
    return typeof made === 'object' && made !== null ? tracedObject(path, made, name) : made;
  };
}

function tracedObject(path: string, original: object, maker: string): object {
  if (original instanceof Promise) return original;
  const methods = Object.entries(original).map(([key, value]) => {
    if (typeof value !== 'function') return [key, value] as const;
    return [key, key === 'next' ? noting(path, value as AnyFunction, maker) : traced(path, value as AnyFunction)];
  });
  return Object.assign(original, Object.fromEntries(methods)) as object;
}

function isClass(value: unknown): boolean {
  return /^class\b/.test(String(value));
}

/** The same class, recording each call of its methods. */
function tracedClass(path: string, original: { readonly prototype: unknown }): unknown {
  const { prototype } = original as { prototype: Record<string, unknown> };
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (typeof value !== 'function' || name === 'constructor') continue;
    prototype[name] = function (this: unknown, ...args: unknown[]): unknown {
      trace.push(`${path}: ${name}`);
      return (value as AnyFunction).apply(this, args);
    };
  }
  return original;
}

/** Records when an iterator's value arrives, not when it was requested. */
function noting(path: string, next: AnyFunction, maker: string): AnyFunction {
  return async (...args): Promise<unknown> => {
    const result: unknown = await next(...args);
    trace.push(`${path}: ${maker}`);
    return result;
  };
}

test('the README names existing files', () => {
  expect(steps.length).toBeGreaterThan(20);
  expect(new Set(steps.map(({ step }) => step)).size).toBe(steps.length);
  expect(steps.filter(({ path }) => !existsSync(root + path))).toEqual([]);
});

test('a createOrder passes through the functions that the README names, in that order', async () => {
  for (const path of new Set(steps.map(step => step.path))) {
    if (path === 'src/order/graphql/mutations.ts') continue; // it exports nothing: its field is traced below
    vi.doMock(root + path, async importOriginal => {
      const exported = await importOriginal<object>();
      return Object.fromEntries(
        (Object.entries(exported) as [string, unknown][]).map(([name, value]) => {
          if (typeof value === 'function')
            return [name, isClass(value) ? tracedClass(path, value) : traced(path, value as AnyFunction, name)];
          const plain =
            typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
          return [name, plain ? tracedObject(path, { ...value }, name) : value];
        }),
      );
    });
  }
  const { startApp } = await import('../support/app.ts');
  const { schema } = (await import('../../src/schema.ts')) as { schema: typeof Schema };
  const field = schema.getMutationType()?.getFields()['createOrder'];
  if (!field?.resolve) throw new Error('createOrder has no resolver');
  field.resolve = traced('src/order/graphql/mutations.ts', field.resolve as AnyFunction, 'createOrder');

  const database = await freshDatabase();
  const app = await startApp({ DATABASE_URL: database.url });
  try {
    const [customer, staff] = [await customerToken(customerId), await staffToken()];
    const register = `mutation { registerCustomer(input: {name: "Alice", email: "a@example.com"}) { __typename } }`;
    await post(app.url, register, {}, { token: customer });
    const add = `mutation { addProduct(input: {sku: "T", name: "Tea", price: {amount: "2.50", currency: "EUR"}}) {
      ... on ProductCommandPayload { productId } } }`;
    const added = await post<{ addProduct: { productId: string } }>(app.url, add, {}, { token: staff });
    const productId = added.data?.addProduct.productId;

    const socket = await connectSocket(app.url, customer);
    const orders = socket.subscribe(
      `subscription { customerOrdersUpdated(customerId: "${customerId}") { kind order { status } } }`,
    );
    await orders.next(); // PROGRESS: live from here

    trace = [];
    const create = `mutation { createOrder(input: {items: [{productId: "${productId}", quantity: 1}]}) { __typename } }`;
    await post(app.url, create, {}, { token: customer });
    expect(await orders.next()).toMatchObject({ data: { customerOrdersUpdated: { kind: 'UPDATE' } } });
    await socket.close();
  } finally {
    await app.stop();
    await database.drop();
  }

  let reached = -1;
  for (const { step } of steps) {
    const at = trace.indexOf(step, reached + 1);
    expect(at, `${step} is not called after the step before it:\n${trace.join('\n')}`).toBeGreaterThan(reached);
    reached = at;
  }
});
