import type { Redis } from 'ioredis';
import { cloudEventOf } from './cloud-event.ts';
import { type Access, followLog } from './follow-log.ts';

/**
 * Adds an entry with a given id. 'added': its predecessor was the last entry. 'there': the entry exists already.
 * 'elsewhere': the stream ends at another entry (Redis lost its last entries, or another relay has added more).
 */
const add = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local lastId = last[1] and last[1][1] or '0-0'
if lastId == ARGV[2] then return 'there' end
if lastId ~= ARGV[1] then return 'elsewhere' end
redis.call('XADD', KEYS[1], ARGV[2], 'position', ARGV[3], 'event', ARGV[4])
return 'added'`;

/** The last id of an empty stream. */
const beginning = '0-0';

/**
 * Relays the log into a Redis stream as CloudEvents, each event once, in order. The id of an entry is the event's
 * position in the log, and the relay's own position is the last entry of the stream: the entry and the stored
 * position are one atomic write. So a kill at any time, or two relays at once, neither loses nor repeats an event,
 * and a Redis that lost its last entries gets them again.
 */
export async function relayToRedis(access: Access, redis: Redis, stream: string): Promise<never> {
  for (;;) {
    let last = await lastEntry(redis, stream);
    for await (const event of followLog(access, last.position)) {
      const id = `${Number.parseInt(event.position, 16)}-0`;
      const entry = JSON.stringify(cloudEventOf(event));
      const outcome = await redis.eval(add, 1, stream, last.id, id, event.position, entry);
      if (outcome === 'elsewhere') break;
      last = { id, position: event.position };
    }
  }
}

async function lastEntry(redis: Redis, stream: string): Promise<{ id: string; position: string | undefined }> {
  const [last] = await redis.xrevrange(stream, '+', '-', 'COUNT', 1);
  if (!last) return { id: beginning, position: undefined };
  const [id, [, position]] = last;
  return { id, position };
}
