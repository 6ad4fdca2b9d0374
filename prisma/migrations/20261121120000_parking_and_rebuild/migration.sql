-- A generation is live, being rebuilt, or retired: replaced, and its rows on their way out. One live and one rebuild a
-- group: whoever begins a second rebuild goes on with the first. `failure` is what holds a projector up; `run_from` and
-- `run_at` are where and when the rebuild was taken up last, for its rate.
ALTER TABLE "checkpoints"
  ADD COLUMN "retired" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "moved_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  ADD COLUMN "failure" TEXT,
  ADD COLUMN "run_from" BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN "run_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
CREATE UNIQUE INDEX "checkpoints_rebuild" ON "checkpoints"("group_name") WHERE NOT "live" AND NOT "retired";

-- Streams with an event that a generation can't fold: their rows stand still before it, all others go on.
CREATE TABLE "parked_streams" (
    "group_name" TEXT NOT NULL,
    "generation" INTEGER NOT NULL,
    "stream_type" TEXT NOT NULL,
    "stream_id" TEXT COLLATE "C" NOT NULL,
    "version" INTEGER NOT NULL,
    "position" BIGINT NOT NULL,
    "error" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "tried_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "parked_streams_pkey" PRIMARY KEY ("group_name", "generation", "stream_type", "stream_id")
);
