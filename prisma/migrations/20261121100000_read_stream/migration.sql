-- What readers get of an event, and of the key that opens it. As a function without a search path of its own it becomes
-- part of the statement that it stands in.
CREATE FUNCTION event_json(event events, key bytea) RETURNS json
LANGUAGE sql STABLE
AS $$
  SELECT pg_catalog.json_build_object(
    'position', event.position, 'hash', pg_catalog.encode(pg_catalog.substr(event.hash, 1, 6), 'hex'),
    'streamType', event.stream_type, 'streamId', event.stream_id, 'version', event.version,
    'commandId', event.command_id, 'ordinal', event.ordinal, 'type', event.type,
    'schemaVersion', event.schema_version, 'data', event.data, 'personal', event.personal,
    'key', pg_catalog.encode(key, 'base64'), 'metadata', event.metadata,
    'occurredAt', event.occurred_at, 'recordedAt', event.recorded_at)
$$;

-- What a command rests on, as a JSON object:
--   snapshot: { version, hash, state }, the stored one of the shape asked for, or null; not where the stream has no
--     longer the event that it was folded to: a log that was restored and went on differently
--   events: those after the snapshot, else from from_version on
--   command: { commandHash, version, position, hash } of the last event that the command id has stored, or null
-- A function, so that none of its plans depends on what the tables' statistics say, and none is made twice by a session.
-- STABLE: all its statements see what the one that calls it sees, so a command is never missing and its effect there.
CREATE FUNCTION read_stream(wanted_type text, wanted_id text, from_version int, wanted_shape int, wanted_command uuid)
RETURNS json
LANGUAGE plpgsql STABLE
SET search_path = public, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan
SET jit = off
AS $$
DECLARE
  snapshot json;
  events json;
  command json;
  first int := from_version;
BEGIN
  IF wanted_shape IS NOT NULL THEN
    SELECT json_build_object('version', s.version, 'hash', s.hash, 'state', s.state), s.version + 1
      INTO snapshot, first
      FROM snapshots s
      WHERE s.stream_type = wanted_type AND s.stream_id = wanted_id AND s.shape = wanted_shape AND s.hash = (
        SELECT encode(substr(e.hash, 1, 6), 'hex') FROM events e
        WHERE e.stream_type = s.stream_type AND e.stream_id = s.stream_id AND e.version = s.version);
  END IF;
  SELECT json_agg(event_json(e, (SELECT k.key FROM customer_keys k WHERE k.customer_id = e.personal->>'subject'))
      ORDER BY e.version)
    INTO events
    FROM events e
    WHERE e.stream_type = wanted_type AND e.stream_id = wanted_id AND e.version >= coalesce(first, from_version);
  IF wanted_command IS NOT NULL THEN
    SELECT json_build_object('commandHash', encode(e.command_hash, 'hex'), 'version', e.version,
        'position', e.position, 'hash', encode(substr(e.hash, 1, 6), 'hex'))
      INTO command
      FROM events e WHERE e.command_id = wanted_command ORDER BY e.ordinal DESC LIMIT 1;
  END IF;
  RETURN json_build_object('snapshot', snapshot, 'events', coalesce(events, '[]'), 'command', command);
END $$;
