import type { Answer } from '../operation-session.ts';
import { codedError } from './coded-error.ts';
import { type Execution, type Operation, type Refused, refused, type Request } from './execution.ts';
import { isPosition } from './log.ts';
import type { Network } from './network.ts';
import type { Viewer } from './nodes.ts';
import type { Script } from './script.ts';
import type { Shop } from './shop.ts';
import type { Tokens } from './tokens.ts';

/** An operation that a client has sent. */
export interface ScriptedRequest {
  /** The name of the operation; without one, that of its first field. */
  readonly name: string;
  readonly kind: Operation['kind'];
  readonly variables: Readonly<Record<string, unknown>>;
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly query: string;
  readonly transport: 'http' | 'socket' | 'stream';
  /** `sub` of the token; undefined if the request had none. */
  readonly subject: string | undefined;
}

/** What the transports have in common. */
export interface ServerCore {
  readonly network: Network;
  readonly tokens: Tokens;
  readonly requests: ScriptedRequest[];
  /** Checks an operation and records it. */
  receive(request: Request, viewer: Viewer | undefined, transport: ScriptedRequest['transport']): Operation | Refused;
  execute(operation: Operation, viewer: Viewer | undefined, atLeast: unknown): Answer | Refused;
  subscribe(operation: Operation, viewer: Viewer | undefined, send: (answer: Answer) => void): (() => void) | Answer;
}

export function createServerCore(parts: {
  shop: Shop;
  execution: Execution;
  script: Script;
  network: Network;
  tokens: Tokens;
}): ServerCore {
  const { shop, execution, script, network, tokens } = parts;
  const requests: ScriptedRequest[] = [];

  function receive(
    request: Request,
    viewer: Viewer | undefined,
    transport: ScriptedRequest['transport'],
  ): Operation | Refused {
    const operation = execution.prepare(request);
    if ('errors' in operation) return operation;
    const { name, kind, fields } = operation;
    const { query = '', variables, extensions } = request;
    const subject = viewer?.subject;
    requests.push({ name, kind, variables: variables ?? {}, extensions: extensions ?? {}, query, transport, subject });
    try {
      script.checkRequest(fields);
    } catch (error) {
      return refused([error as ReturnType<typeof codedError>]);
    }
    return operation;
  }

  return {
    network,
    tokens,
    requests,
    receive,
    execute(operation, viewer, atLeast) {
      if (atLeast != null && !(typeof atLeast === 'string' && isPosition(atLeast))) {
        return refused([codedError('BAD_USER_INPUT', 'Orderstream-Position must be a position from a response.')]);
      }
      return execution.execute(operation, { shop, viewer, atLeast: atLeast ?? undefined });
    },
    subscribe(operation, viewer, send) {
      return execution.subscribe(operation, { shop, viewer, atLeast: undefined }, send);
    },
  };
}
