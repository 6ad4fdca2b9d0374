-- Folded aggregates of long streams, so that a command need not read them from the start. Only a shortcut: each can be
-- thrown away at any time, and is left aside where its shape is not the code's or its stream is another log's.
CREATE TABLE "snapshots" (
    "stream_type" TEXT NOT NULL,
    "stream_id" TEXT COLLATE "C" NOT NULL,
    "shape" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    "hash" TEXT NOT NULL,
    "state" JSONB NOT NULL,

    CONSTRAINT "snapshots_pkey" PRIMARY KEY ("stream_type", "stream_id")
);

-- Who may append is said by name (see npm run db:migrate), not given to everybody who can connect.
REVOKE EXECUTE ON FUNCTION append_events(jsonb) FROM PUBLIC;
