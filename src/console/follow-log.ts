import type { TypedDocumentNode } from '@apollo/client';
import { type Answer, OperationError } from '@orderstream/client';
import { session } from './client.ts';

/** An event that the server cannot read. */
export interface DamagedEvent {
  readonly position: string;
  readonly message: string;
}

/**
 * Follows the log. A feed ends at an event that cannot be read: this one reports the event, and continues after it.
 * @param document a subscription with `$after`
 * @returns a function that ends it
 */
export function followLog<Data>(
  document: TypedDocumentNode<Data, { after?: string | null }>,
  after: string | undefined,
  sink: {
    readonly next: (data: Data) => void;
    readonly damaged: (event: DamagedEvent) => void;
    readonly error: (error: unknown) => void;
  },
): () => void {
  let end: () => void = () => undefined;
  let isEnded = false;

  function open(from: string | undefined) {
    let damaged: DamagedEvent | undefined;
    end = session.subscribe(
      { document, variables: { after: from } },
      {
        next(answer) {
          damaged = damagedOf(answer);
          if (damaged) sink.damaged(damaged);
          else if (answer.data != null) sink.next(answer.data as Data);
          else if (answer.errors?.[0]) sink.error(errorOf(answer.errors[0]));
        },
        error: sink.error,
        complete() {
          if (damaged && !isEnded) open(damaged.position);
        },
      },
    );
  }

  open(after);
  return () => {
    isEnded = true;
    end();
  };
}

function damagedOf({ data, errors, extensions }: Answer): DamagedEvent | undefined {
  const { position, kind } = extensions ?? {};
  const [error] = errors ?? [];
  if (data != null || !error || typeof position !== 'string' || kind !== 'UPDATE') return undefined;
  return { position, message: error.message };
}

function errorOf({ message, extensions }: NonNullable<Answer['errors']>[number]): OperationError {
  const code = extensions?.['code'];
  return new OperationError(typeof code === 'string' ? code : 'INTERNAL', message);
}
