-- A rebuild that an operator requested by the API has the position of the request. Projectors fold such a rebuild; one
-- that a terminal command started has none, and that command folds it.
ALTER TABLE "checkpoints" ADD COLUMN "requested_at" BIGINT;

-- Every running process, for operators. Each updates its own row every few seconds. No index but that of the key has a
-- column that changes, and pages have room for the new versions of rows: so no update writes an index.
CREATE TABLE "processes" (
    "process_id" TEXT COLLATE "C" NOT NULL,
    "release" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "roles" TEXT[] NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "sockets" INTEGER NOT NULL,
    "subscriptions" INTEGER NOT NULL,
    "lag_events" BIGINT NOT NULL,

    CONSTRAINT "processes_pkey" PRIMARY KEY ("process_id")
) WITH (fillfactor = 50);

-- Erases the key of one customer, for the serving role, which may not change keys itself. It does so only after the
-- erasure is in the log: so each erased key has an event that names who erased it, and a process that is no longer
-- under control cannot erase keys without a trace. The row stays, with an empty key: otherwise the next command would
-- make a new one. Called with the owner's rights, so the search path is fixed.
CREATE FUNCTION erase_customer_key(erased text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM events e
    WHERE e.stream_type = 'customer' AND e.stream_id = erased AND e.type = 'CustomerErased'
  ) THEN
    RAISE EXCEPTION 'the log has no erasure of %', erased USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO customer_keys (customer_id, key) VALUES (erased, ''::bytea)
  ON CONFLICT (customer_id) DO UPDATE SET key = ''::bytea;
END $$;
REVOKE EXECUTE ON FUNCTION erase_customer_key(text) FROM PUBLIC;
