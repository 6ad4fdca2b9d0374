import { OperationError } from '@orderstream/client';
import { ViewerRoleDocument } from '../generated/graphql.ts';
import { postOnce } from '../post-once.ts';
import type { RoleName } from './role-name.ts';

/**
 * Asks the server as whom it sees the bearer of a token: its configuration decides which claim is the role.
 * @throws OperationError if it rejects the token, or does not answer
 */
export async function askRole(token: string): Promise<RoleName> {
  const answer = await postOnce(ViewerRoleDocument, {}, token);
  if (answer instanceof OperationError) throw answer;
  return answer.viewer.role.toLowerCase() as RoleName;
}
