import { customerDecider } from '../../src/customer/decider.ts';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { newId } from '../../src/ids.ts';
import { requestFor } from './append-request.ts';
import type { TestNode } from './test-node.ts';

/** Registers a customer by the append, without a command. @returns the id */
export async function appendCustomer(
  { database, store }: Pick<TestNode, 'database' | 'store'>,
  personalData: { readonly name: string; readonly email: string },
): Promise<string> {
  const customerId = newId('cus');
  const personal = (await store.sealerOf(customerId)).seal(customerId, personalData);
  const schemaVersion = customerDecider.schemaVersions.CustomerRegistered;
  const events = [{ type: 'CustomerRegistered', schemaVersion, data: {}, personal }];
  await appendEvents(database, [
    requestFor({ streamType: 'customer', streamId: customerId, version: 0, hash: null }, { events }),
  ]);
  return customerId;
}
