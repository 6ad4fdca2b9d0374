import type { LoggedEventFragment } from '../generated/graphql.ts';

/** What is shown: '' in a field means everything. */
export interface LogFilter {
  readonly type: string;
  /** A stream's id, or its beginning. */
  readonly stream: string;
  /** A correlation id, or its beginning. */
  readonly request: string;
  /** `operator`, `staff` or `customer`. */
  readonly who: string;
}

export const whoWords = { '': 'By anybody', operator: 'By operators', staff: 'By staff', customer: 'By customers' };

export function matches({ type, stream, request, who }: LogFilter, event: LoggedEventFragment): boolean {
  return (
    (type === '' || event.type === type) &&
    event.streamId.startsWith(stream) &&
    event.correlationId.startsWith(request) &&
    (who === '' || event.actorRole.toLowerCase() === who)
  );
}

export function isEmpty({ type, stream, request, who }: LogFilter): boolean {
  return type === '' && stream === '' && request === '' && who === '';
}
