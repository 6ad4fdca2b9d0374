import type { AppendRequest } from './append-events.ts';

/**
 * Maximum number of events in one call, unless its only request has more. They can be stored in a small part of the
 * time after which the appender considers a call lost.
 */
const maxEventsPerCall = 2_000;

export interface QueuedRequest {
  readonly request: AppendRequest;
  /** Whether it has to be sent in a call of its own, because the database rejected a call that contained it. */
  readonly alone: boolean;
}

/**
 * Takes the requests of the next call off the queue: at most one for each stream and for each command id. A second
 * request for the same stream depends on a version that the first one is about to change, and a repeated command
 * needs the result of the first. A request that depends on a stream is not in one call with a request that writes it,
 * because the database would have to execute the requests one after the other. Streams are compared by their ids; if
 * two types had the same id, their requests would only be in different calls.
 */
export function takeCall<Request extends QueuedRequest>(queue: Request[], maxRequests: number): Request[] {
  const taken: Request[] = [];
  const left: Request[] = [];
  const seen = new Set<string>();
  const read = new Set<string>();
  let events = 0;

  function fits({ request, alone }: Request): boolean {
    if (taken.length === 0) return true;
    if (alone || taken[0]?.alone || taken.length >= maxRequests) return false;
    if (events + request.events.length > maxEventsPerCall || seen.has(request.commandId)) return false;
    const { streamId } = request;
    return !seen.has(streamId) && !read.has(streamId) && !request.reads.some(one => seen.has(one.streamId));
  }

  for (const queued of queue) {
    const { request } = queued;
    if (fits(queued)) {
      taken.push(queued);
      seen.add(request.streamId).add(request.commandId);
      for (const one of request.reads) read.add(one.streamId);
      events += request.events.length;
    } else left.push(queued);
  }
  // Not passed as arguments of splice(): a long queue has more items than the stack can take.
  queue.length = 0;
  for (const queued of left) queue.push(queued);
  return taken;
}
