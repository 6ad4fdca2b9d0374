-- The log. Its only writer is append_events() below.
CREATE TABLE "events" (
    "position" BIGINT NOT NULL,
    "hash" BYTEA NOT NULL,
    "stream_type" TEXT NOT NULL,
    "stream_id" TEXT COLLATE "C" NOT NULL,
    "version" INTEGER NOT NULL,
    "command_id" UUID NOT NULL,
    "ordinal" SMALLINT NOT NULL,
    "command_hash" BYTEA NOT NULL,
    "type" TEXT NOT NULL,
    "schema_version" SMALLINT NOT NULL,
    "data" JSONB NOT NULL,
    "personal" JSONB,
    "metadata" JSONB NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "events_pkey" PRIMARY KEY ("position")
);
CREATE UNIQUE INDEX "events_stream" ON "events"("stream_type", "stream_id", "version");
CREATE UNIQUE INDEX "events_command" ON "events"("command_id", "ordinal");

CREATE TABLE "customer_keys" (
    "customer_id" TEXT COLLATE "C" NOT NULL,
    "key" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "customer_keys_pkey" PRIMARY KEY ("customer_id")
);

-- Each event's hash goes over the one before and over all that is stored of it, as a JSON array, so that a log which
-- was changed, or restored to an earlier point and then went on differently, never has the same hash at the same
-- position. Times count in milliseconds: a timestamp's text depends on the session's time zone. The text is put
-- together by hand, which takes a third of the time that jsonb_build_array does. Everything is named with its schema:
-- a search path pinned here would keep the planner from putting this in its callers' place, at 8 µs an event.
CREATE FUNCTION event_hash(previous bytea, event events) RETURNS bytea
LANGUAGE sql STABLE
AS $$
  SELECT pg_catalog.sha256(previous OPERATOR(pg_catalog.||) pg_catalog.convert_to(pg_catalog.concat(
    '[', event.position, ', ', pg_catalog.to_json(event.stream_type), ', ', pg_catalog.to_json(event.stream_id), ', ',
    event.version, ', "', event.command_id, '", ', event.ordinal, ', "', pg_catalog.encode(event.command_hash, 'hex'),
    '", ', pg_catalog.to_json(event.type), ', ', event.schema_version, ', ', event.data, ', ',
    coalesce(event.personal, 'null'), ', ', event.metadata, ', ',
    (extract(epoch FROM event.occurred_at) OPERATOR(pg_catalog.*) 1000)::bigint, ', ',
    (extract(epoch FROM event.recorded_at) OPERATOR(pg_catalog.*) 1000)::bigint, ']'), 'UTF8'))
$$;

-- A number for people, e.g. K7Q2-9XF4, from a point in the log: a permutation of 40 bits (a Feistel network), so that
-- no two points share one and a number tells nothing of how many there are. Crockford's base 32: no I, L, O, U.
CREATE FUNCTION public_number(point bigint) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog
AS $$
DECLARE
  digits CONSTANT text := '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  l bigint := (point >> 20) & 1048575;
  r bigint := point & 1048575;
  swap bigint;
  mixed bigint;
  shown text := '';
BEGIN
  FOR round IN 1..6 LOOP
    swap := r;
    r := l # ((((r + 1) * (668265263 + 2 * round)) >> 11) & 1048575);
    l := swap;
  END LOOP;
  mixed := (l << 20) | r;
  FOR i IN 0..7 LOOP
    shown := substr(digits, ((mixed >> (5 * i)) & 31)::int + 1, 1) || shown;
  END LOOP;
  RETURN substr(shown, 1, 4) || '-' || substr(shown, 5, 4);
END $$;

-- The one way into the log. `requests` is a JSON array; each request is one command's events for one stream:
--   { commandId, commandHash (hex), streamType, streamId, version, hash (hex, as the caller knows the stream's last
--     event; null for none), reads: [{ streamType, streamId, version, hash }], metadata, occurredAt,
--     events: [{ type, schemaVersion, data, personal, number (field of data that takes the public number) }] }
-- Returns an outcome for each, in order:
--   { outcome: 'appended' | 'replayed', version, position, hash } | { outcome: 'reused' } |
--   { outcome: 'conflict', version }
CREATE FUNCTION append_events(requests jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp
-- Plans made while the tables were empty must not scan them once they are full, and none is worth compiling.
SET enable_seqscan = off
SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan
SET jit = off
AS $$
DECLARE
  head record;
  part jsonb;
  parts jsonb[] := ARRAY[requests];
  asked record;
  event events;
  accepted boolean;
  added events[];
  outcomes jsonb[] := '{}'; -- a jsonb array would be copied whole for each request
BEGIN
  -- Each statement below must see what was committed before the lock was granted: only READ COMMITTED takes a
  -- fresh snapshot a statement.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'append_events needs READ COMMITTED, not %', current_setting('transaction_isolation')
      USING ERRCODE = 'invalid_transaction_state';
  END IF;
  -- For this transaction, not this function: the commit comes after the function has returned.
  PERFORM set_config('synchronous_commit', 'on', true);
  -- One append at a time, to its commit: so positions are dense and in commit order, and no reader meets a gap.
  PERFORM pg_advisory_xact_lock(1330795588, 1);

  SELECT e.position, e.hash, e.recorded_at INTO head FROM events e ORDER BY e.position DESC LIMIT 1;
  event.position := coalesce(head.position, 0);
  event.hash := coalesce(head.hash, '\x0000000000000000000000000000000000000000000000000000000000000000'::bytea);
  -- Taken under the lock and never behind the last one: recorded_at must not fall as positions rise, whatever the clock.
  event.recorded_at := greatest(date_trunc('milliseconds', clock_timestamp()), head.recorded_at);

  -- What the log says to all requests is looked up by one statement, and all their events are stored by another: a
  -- statement a request would take most of the call's time. Where one request may see what another one of the call
  -- stores, each goes by itself.
  IF EXISTS (
    SELECT FROM (
      SELECT jsonb_path_query(requests, '$[*].commandId')
      UNION ALL SELECT jsonb_path_query(requests, '$[*].streamId')
      UNION ALL (SELECT DISTINCT jsonb_path_query(requests, '$[*].reads[*].streamId'))
    ) touched(name) GROUP BY name HAVING count(*) > 1
  ) THEN
    parts := ARRAY(SELECT jsonb_build_array(value) FROM jsonb_array_elements(requests));
  END IF;

  FOREACH part IN ARRAY parts LOOP
    added := '{}';
    -- One row an event; all but the first six columns are its request's.
    FOR asked IN
      SELECT item.ordinal, item.value->>'type' AS type, (item.value->>'schemaVersion')::smallint AS schema_version,
        item.value->'data' AS data, nullif(item.value->'personal', 'null') AS personal, item.value->>'number' AS number,
        r."commandId" AS command_id, decode(r."commandHash", 'hex') AS command_hash, r."streamType" AS stream_type,
        r."streamId" AS stream_id, r.metadata, r."occurredAt" AS occurred_at, jsonb_array_length(r.events) AS events,
        known.command_hash AS known_hash, known.outcome AS known_outcome,
        coalesce(last.version, 0) AS version,
        coalesce(last.version, 0) <> r.version OR last.hash IS DISTINCT FROM r.hash OR reads.moved AS moved
      FROM ROWS FROM (jsonb_to_recordset(part) AS ("commandId" uuid, "commandHash" text, "streamType" text,
        "streamId" text, version int, hash text, reads jsonb, metadata jsonb, "occurredAt" timestamptz, events jsonb)
      ) WITH ORDINALITY AS r("commandId", "commandHash", "streamType", "streamId", version, hash, reads, metadata,
        "occurredAt", events, n)
      LEFT JOIN LATERAL (
        SELECT e.command_hash, jsonb_build_object('outcome', 'replayed', 'version', e.version, 'position', e.position,
          'hash', encode(substr(e.hash, 1, 6), 'hex')) AS outcome
        FROM events e WHERE e.command_id = r."commandId" ORDER BY e.ordinal DESC LIMIT 1
      ) known ON true
      LEFT JOIN LATERAL (
        SELECT e.version, encode(substr(e.hash, 1, 6), 'hex') AS hash
        FROM events e WHERE e.stream_type = r."streamType" AND e.stream_id = r."streamId"
        ORDER BY e.version DESC LIMIT 1
      ) last ON true
      CROSS JOIN LATERAL (
        SELECT EXISTS (
          SELECT FROM jsonb_to_recordset(r.reads) AS read("streamType" text, "streamId" text, version int, hash text)
          LEFT JOIN LATERAL (
            SELECT e.version, encode(substr(e.hash, 1, 6), 'hex') AS hash
            FROM events e WHERE e.stream_type = read."streamType" AND e.stream_id = read."streamId"
            ORDER BY e.version DESC LIMIT 1
          ) now ON true
          WHERE coalesce(now.version, 0) <> read.version OR now.hash IS DISTINCT FROM read.hash
        ) AS moved OFFSET 0 -- once a request, not for each of its events
      ) reads
      CROSS JOIN LATERAL jsonb_array_elements(r.events) WITH ORDINALITY AS item(value, ordinal)
      ORDER BY r.n, item.ordinal
    LOOP
      IF asked.ordinal = 1 THEN
        accepted := asked.known_hash IS NULL AND NOT asked.moved;
        IF accepted THEN
          event.stream_type := asked.stream_type;
          event.stream_id := asked.stream_id;
          event.version := asked.version;
          event.command_id := asked.command_id;
          event.command_hash := asked.command_hash;
          event.metadata := asked.metadata;
          event.occurred_at := asked.occurred_at;
        ELSIF asked.known_hash IS NULL THEN
          outcomes := outcomes || jsonb_build_object('outcome', 'conflict', 'version', asked.version);
        ELSIF asked.known_hash = asked.command_hash THEN
          outcomes := outcomes || asked.known_outcome;
        ELSE
          outcomes := outcomes || jsonb_build_object('outcome', 'reused');
        END IF;
      END IF;
      CONTINUE WHEN NOT accepted;

      event.position := event.position + 1;
      event.version := event.version + 1;
      event.ordinal := asked.ordinal;
      event.type := asked.type;
      event.schema_version := asked.schema_version;
      event.data := asked.data;
      IF asked.number IS NOT NULL THEN
        event.data := event.data || jsonb_build_object(asked.number, public_number(event.position));
      END IF;
      event.personal := asked.personal;
      event.hash := event_hash(event.hash, event);
      added := added || event;
      IF asked.ordinal = asked.events THEN
        outcomes := outcomes || jsonb_build_object('outcome', 'appended', 'version', event.version,
          'position', event.position, 'hash', encode(substr(event.hash, 1, 6), 'hex'));
      END IF;
    END LOOP;
    INSERT INTO events SELECT * FROM unnest(added);
  END LOOP;
  RETURN to_jsonb(outcomes);
END $$;

-- How far the views have come. A group has one live generation; a rebuild folds the next one beside it.
CREATE TABLE "checkpoints" (
    "group_name" TEXT NOT NULL,
    "generation" INTEGER NOT NULL,
    "live" BOOLEAN NOT NULL,
    "position" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "checkpoints_pkey" PRIMARY KEY ("group_name", "generation")
);
-- Two live generations would let one answer mix rows of both.
CREATE UNIQUE INDEX "checkpoints_live" ON "checkpoints"("group_name") WHERE "live";
INSERT INTO "checkpoints" VALUES ('core', 1, true, 0, '000000000000');

CREATE TABLE "order_view" (
    "generation" INTEGER NOT NULL,
    "order_id" TEXT COLLATE "C" NOT NULL,
    "number" TEXT NOT NULL,
    "reference" TEXT,
    "customer_id" TEXT COLLATE "C" NOT NULL,
    "status" TEXT NOT NULL,
    "currency" TEXT,
    "lines" JSONB NOT NULL,
    "product_ids" TEXT[],
    "item_count" INTEGER NOT NULL,
    "total" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "submitted_at" TIMESTAMPTZ(3),
    "confirmed_at" TIMESTAMPTZ(3),
    "shipped_at" TIMESTAMPTZ(3),
    "delivered_at" TIMESTAMPTZ(3),
    "cancelled_at" TIMESTAMPTZ(3),
    "cancellation_reason" TEXT,
    "carrier" TEXT,
    "tracking_number" TEXT,
    "version" INTEGER NOT NULL,
    "position" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "order_view_pkey" PRIMARY KEY ("generation", "order_id")
);
CREATE INDEX "order_view_number" ON "order_view"("generation", "number");
CREATE INDEX "order_view_position" ON "order_view"("generation", "position");
CREATE INDEX "order_view_created" ON "order_view"("generation", "created_at", "order_id");
CREATE INDEX "order_view_updated" ON "order_view"("generation", "updated_at", "order_id");
CREATE INDEX "order_view_total" ON "order_view"("generation", "total", "order_id");
CREATE INDEX "order_view_status" ON "order_view"("generation", "status", "created_at", "order_id");
CREATE INDEX "order_view_reference" ON "order_view"("generation", "reference");
CREATE INDEX "order_view_products" ON "order_view" USING GIN ("product_ids");

CREATE TABLE "customer_order_view" (
    "generation" INTEGER NOT NULL,
    "order_id" TEXT COLLATE "C" NOT NULL,
    "customer_id" TEXT COLLATE "C" NOT NULL,
    "reference" TEXT,
    "status" TEXT NOT NULL,
    "currency" TEXT,
    "product_ids" TEXT[],
    "total" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "position" BIGINT NOT NULL,

    CONSTRAINT "customer_order_view_pkey" PRIMARY KEY ("generation", "order_id")
);
CREATE INDEX "customer_order_view_position" ON "customer_order_view"("generation", "customer_id", "position");
CREATE INDEX "customer_order_view_created" ON "customer_order_view"("generation", "customer_id", "created_at", "order_id");
CREATE INDEX "customer_order_view_updated" ON "customer_order_view"("generation", "customer_id", "updated_at", "order_id");
CREATE INDEX "customer_order_view_total" ON "customer_order_view"("generation", "customer_id", "total", "order_id");

CREATE TABLE "customer_view" (
    "generation" INTEGER NOT NULL,
    "customer_id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "erased_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL,
    "position" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "customer_view_pkey" PRIMARY KEY ("generation", "customer_id")
);
CREATE INDEX "customer_view_created" ON "customer_view"("generation", "created_at", "customer_id");

CREATE TABLE "product_view" (
    "generation" INTEGER NOT NULL,
    "product_id" TEXT COLLATE "C" NOT NULL,
    "sku" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "price" BIGINT NOT NULL,
    "currency" TEXT NOT NULL,
    "available" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL,
    "position" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "product_view_pkey" PRIMARY KEY ("generation", "product_id")
);
CREATE INDEX "product_view_created" ON "product_view"("generation", "created_at", "product_id");
