import { loadConfig } from '../../src/config.ts';
import { developmentToken } from '../../src/development/development-token.ts';
import { sampleCustomerId } from '../../src/development/sample-data.ts';
import { post } from './post.ts';

/**
 * Sends a command about an order to a server with the development key, as staff or as the sample customer.
 * @param name of the mutation
 * @returns the order's id and number
 */
export async function sampleCommand(
  url: string,
  name: string,
  input: object,
  role: 'staff' | 'customer',
): Promise<{ readonly id: string; readonly number: string }> {
  const subject = role === 'staff' ? 'staff' : sampleCustomerId;
  const token = (await developmentToken(loadConfig({}).auth, { role, subject }))!;
  const query = `mutation ($input: ${name[0]!.toUpperCase()}${name.slice(1)}Input!) {
    ${name}(input: $input) { ... on OrderCommandPayload { order { id number } } ... on CommandError { message } } }`;
  const { data } = await post<Record<string, { order: { id: string; number: string } }>>(
    url,
    query,
    { input },
    { token },
  );
  return data![name]!.order;
}
