import { createStreamClient } from '../../src/client/sse.ts';

/** A stored event, as `eventsAppended` sends it. */
export interface LogEvent {
  readonly id: string;
  readonly type: string;
  readonly streamType: string;
  readonly streamId: string;
  readonly version: number;
  readonly schemaVersion: number;
  readonly position: string;
  readonly recordedAt: string;
  readonly correlationId: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The endpoint, and the token of a staff member, because only staff may read the log. */
export interface Access {
  /** URL of the endpoint, e.g. `https://shop.example/graphql`. */
  readonly url: string;
  readonly token: string;
}

const query = `subscription ($after: Position) { eventsAppended(after: $after) {
  id type streamType streamId version schemaVersion position recordedAt correlationId data } }`;

/**
 * Yields every event of the log after a position, each once, in order. The client reconnects after lost connections
 * and restarts of nodes. The next event is requested when the loop asks for it, so a killed process has at most one
 * unfinished event.
 * @param after undefined: from the first event
 * @throws if the log was replaced: a restored database has other events than those that were acted on, and a person
 * must decide
 */
export async function* followLog({ url, token }: Access, after: string | undefined): AsyncGenerator<LogEvent> {
  const client = createStreamClient({ url, token: () => token });
  for await (const answer of client.iterate<{ eventsAppended: LogEvent }>({ query, variables: { after } })) {
    if (answer.extensions?.['kind'] === 'RESYNC') {
      throw new Error(
        `the log was replaced after ${after ?? 'its beginning'}: check which events were acted on, and start again without the position`,
      );
    }
    const event = answer.data?.eventsAppended;
    if (!event)
      throw new Error(answer.errors?.map(({ message }) => message).join('; ') ?? 'an answer without an event');
    yield event;
  }
}
