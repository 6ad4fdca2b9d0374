-- append_events() as the log's writers call it from here on: a column an argument, a line a value, `-` for none. What
-- needs no look at the log (parsing, most of each hash's text) is done before the lock is taken, so that it overlaps
-- with the call that holds it, and a stream that many requests rest on is looked up once. The one before, of jsonb, stays
-- for nodes of an older release that run while this is deployed; both take the same lock and store the same bytes.
--
-- A line a request: command_ids, command_hashes (\x and hex), stream_types, stream_ids, versions and hashes (hex, as the caller
-- knows the stream's last event; none for a new stream), metadata, occurred_at, event_counts.
-- A line a read, a stream in the state that a decision rested on: read_types, read_ids, read_versions, read_hashes.
-- A line for each read of each request: reading_requests, reading_reads (numbers from 1).
-- A line an event, the first request's first: types, schema_versions, data, personal, numbers (field of data that takes
-- the public number).
-- Returns a line a request: `appended` or `replayed` and version, position, hash | `reused` | `conflict` and version.
CREATE FUNCTION append_events(
  command_ids text, command_hashes text, stream_types text, stream_ids text, versions text, hashes text, metadata text,
  occurred_at text, event_counts text,
  read_types text, read_ids text, read_versions text, read_hashes text,
  reading_requests text, reading_reads text,
  types text, schema_versions text, data text, personal text, numbers text
) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp
-- Plans made while the tables were empty must not scan them once they are full, and none is worth compiling.
SET enable_seqscan = off
SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan
SET jit = off
AS $$
DECLARE
  -- Of the requests.
  command_id uuid[] := string_to_array(command_ids, E'\n', '-')::uuid[];
  command_hash bytea[] := string_to_array(command_hashes, E'\n', '-')::bytea[];
  stream_type text[] := string_to_array(stream_types, E'\n', '-');
  stream_id text[] := string_to_array(stream_ids, E'\n', '-');
  known_version int[] := string_to_array(versions, E'\n', '-')::int[];
  known_hash text[] := string_to_array(hashes, E'\n', '-');
  told jsonb[] := string_to_array(metadata, E'\n', '-')::jsonb[];
  occurred timestamptz(3)[] := string_to_array(occurred_at, E'\n', '-')::timestamptz(3)[];
  event_count int[] := string_to_array(event_counts, E'\n', '-')::int[];
  -- Of the reads.
  read_type text[] := string_to_array(read_types, E'\n', '-');
  read_id text[] := string_to_array(read_ids, E'\n', '-');
  read_version int[] := string_to_array(read_versions, E'\n', '-')::int[];
  read_hash text[] := string_to_array(read_hashes, E'\n', '-');
  reading_request int[] := string_to_array(reading_requests, E'\n', '-')::int[];
  reading_read int[] := string_to_array(reading_reads, E'\n', '-')::int[];
  -- Of the events.
  request_of int[];
  ordinal int[];
  event_type text[] := string_to_array(types, E'\n', '-');
  schema_version smallint[] := string_to_array(schema_versions, E'\n', '-')::smallint[];
  body jsonb[] := string_to_array(data, E'\n', '-')::jsonb[];
  sealed jsonb[] := string_to_array(personal, E'\n', '-')::jsonb[];
  number_field text[] := string_to_array(numbers, E'\n', '-');
  before_body text[]; -- of the hash's text; see event_hash()
  after_body text[];
  stored_position bigint[];
  stored_hash bytea[];

  requests int := cardinality(command_id);
  all_events int;
  step int; -- requests that are looked up, and whose events are stored, together
  head record;
  asked record;
  upcoming int := 1;
  position bigint;
  hash bytea;
  recorded timestamptz(3);
  recorded_ms bigint;
  moved_read boolean[];
  moved_request int[];
  outcome text[] := '{}';
BEGIN
  -- Each statement under the lock must see what was committed before the lock was granted: only READ COMMITTED takes a
  -- fresh snapshot a statement.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'append_events needs READ COMMITTED, not %', current_setting('transaction_isolation')
      USING ERRCODE = 'invalid_transaction_state';
  END IF;
  -- For this transaction, not this function: the commit comes after the function has returned.
  PERFORM set_config('synchronous_commit', 'on', true);

  SELECT array_agg(e.of), array_agg(e.ordinal),
    array_agg(concat(', ', to_json(stream_type[e.of]), ', ', to_json(stream_id[e.of]), ', ',
      known_version[e.of] + e.ordinal, ', "', command_id[e.of], '", ', e.ordinal, ', "',
      encode(command_hash[e.of], 'hex'), '", ', to_json(event_type[e.n]), ', ', schema_version[e.n], ', ')),
    array_agg(concat(', ', coalesce(sealed[e.n], 'null'), ', ', told[e.of], ', ',
      (extract(epoch FROM occurred[e.of]) * 1000)::bigint, ', '))
  INTO request_of, ordinal, before_body, after_body
  FROM (
    SELECT r.n AS of, o AS ordinal, row_number() OVER () AS n
    FROM unnest(event_count) WITH ORDINALITY r(events, n) CROSS JOIN LATERAL generate_series(1, r.events) o
  ) e;
  all_events := cardinality(request_of);
  -- A value with a line's end in it makes its column longer: nothing may be stored in another one's name.
  IF ARRAY[cardinality(command_hash), cardinality(stream_type), cardinality(stream_id), cardinality(known_version),
      cardinality(known_hash), cardinality(told), cardinality(occurred), cardinality(event_count)]
      <> array_fill(requests, '{8}')
    OR ARRAY[cardinality(read_type), cardinality(read_version), cardinality(read_hash)]
      <> array_fill(cardinality(read_id), '{3}')
    OR cardinality(reading_request) <> cardinality(reading_read)
    OR ARRAY[cardinality(event_type), cardinality(schema_version), cardinality(body), cardinality(sealed),
      cardinality(number_field)] <> array_fill(all_events, '{5}')
  THEN
    RAISE EXCEPTION 'append_events needs columns of one length' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  stored_position := array_fill(NULL::bigint, ARRAY[all_events]);
  stored_hash := array_fill(NULL::bytea, ARRAY[all_events]);
  -- All by one statement of each kind. Where one request may see what another one of the call stores, each by its own.
  step := CASE WHEN EXISTS (
    SELECT FROM (
      SELECT unnest(command_id)::text UNION ALL SELECT unnest(stream_id) UNION ALL (SELECT DISTINCT unnest(read_id))
    ) touched(name) GROUP BY name HAVING count(*) > 1
  ) THEN 1 ELSE requests END;

  -- One append at a time, to its commit: so positions are dense and in commit order, and no reader meets a gap.
  PERFORM pg_advisory_xact_lock(1330795588, 1);

  SELECT e.position, e.hash, e.recorded_at INTO head FROM events e ORDER BY e.position DESC LIMIT 1;
  position := coalesce(head.position, 0);
  hash := coalesce(head.hash, '\x0000000000000000000000000000000000000000000000000000000000000000'::bytea);
  -- Taken under the lock and never behind the last one: recorded_at must not fall as positions rise, whatever the clock.
  recorded := greatest(date_trunc('milliseconds', clock_timestamp()), head.recorded_at);
  recorded_ms := extract(epoch FROM recorded) * 1000;

  FOR lowest IN 1..requests BY step LOOP
    moved_request := '{}';
    IF cardinality(reading_read) > 0 THEN
      SELECT array_agg(coalesce(now.version, 0) <> r.version OR now.hash IS DISTINCT FROM r.hash) INTO moved_read
      FROM unnest(read_type, read_id, read_version, read_hash) AS r(type, id, version, hash)
      LEFT JOIN LATERAL (
        SELECT e.version, encode(substr(e.hash, 1, 6), 'hex') AS hash
        FROM events e WHERE e.stream_type = r.type AND e.stream_id = r.id ORDER BY e.version DESC LIMIT 1
      ) now ON true;
      SELECT coalesce(array_agg(r.request), '{}') INTO moved_request
      FROM unnest(reading_request, reading_read) AS r(request, read)
      WHERE moved_read[r.read] IS DISTINCT FROM false;
    END IF;

    FOR asked IN
      SELECT r.n, coalesce(last.version, 0) AS version, known.command_hash AS known_hash,
        concat_ws(' ', 'replayed', known.version, known.position, known.hash) AS known_outcome,
        coalesce(last.version, 0) <> r.version OR last.hash IS DISTINCT FROM r.hash AS moved
      FROM unnest(command_id, stream_type, stream_id, known_version, known_hash)
        WITH ORDINALITY AS r(command_id, type, id, version, hash, n)
      LEFT JOIN LATERAL (
        SELECT e.command_hash, e.version, e.position, encode(substr(e.hash, 1, 6), 'hex') AS hash
        FROM events e WHERE e.command_id = r.command_id ORDER BY e.ordinal DESC LIMIT 1
      ) known ON true
      LEFT JOIN LATERAL (
        SELECT e.version, encode(substr(e.hash, 1, 6), 'hex') AS hash
        FROM events e WHERE e.stream_type = r.type AND e.stream_id = r.id ORDER BY e.version DESC LIMIT 1
      ) last ON true
      WHERE r.n BETWEEN lowest AND lowest + step - 1
      ORDER BY r.n
    LOOP
      IF asked.known_hash = command_hash[asked.n] THEN
        outcome := outcome || asked.known_outcome;
      ELSIF asked.known_hash IS NOT NULL THEN
        outcome := outcome || 'reused'::text;
      ELSIF asked.moved OR asked.n = ANY (moved_request) THEN
        outcome := outcome || concat('conflict ', asked.version);
      ELSE
        FOR e IN upcoming..upcoming + event_count[asked.n] - 1 LOOP
          position := position + 1;
          IF number_field[e] IS NOT NULL THEN
            body[e] := body[e] || jsonb_build_object(number_field[e], public_number(position));
          END IF;
          hash := sha256(hash || convert_to(
            concat('[', position, before_body[e], body[e], after_body[e], recorded_ms, ']'), 'UTF8'));
          stored_position[e] := position;
          stored_hash[e] := hash;
        END LOOP;
        outcome := outcome || concat_ws(' ', 'appended', asked.version + event_count[asked.n], position,
          encode(substr(hash, 1, 6), 'hex'));
      END IF;
      upcoming := upcoming + event_count[asked.n];
    END LOOP;

    INSERT INTO events
    SELECT e.position, e.hash, stream_type[e.of], stream_id[e.of], known_version[e.of] + e.ordinal, command_id[e.of],
      e.ordinal, command_hash[e.of], e.type, e.schema_version, e.body, e.sealed, told[e.of], occurred[e.of], recorded
    FROM unnest(stored_position, stored_hash, request_of, ordinal, event_type, schema_version, body, sealed)
      AS e(position, hash, of, ordinal, type, schema_version, body, sealed)
    WHERE e.of BETWEEN lowest AND lowest + step - 1 AND e.position IS NOT NULL;
  END LOOP;
  RETURN array_to_string(outcome, E'\n');
END $$;

-- Or any user of the database could write the log with the owner's rights.
REVOKE EXECUTE ON FUNCTION append_events(
  text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text
) FROM PUBLIC;
