-- The last run of `orderstream verify`, for metrics and alerts: one row, or none before the first run.
CREATE TABLE "verification" (
    "singleton" BOOLEAN NOT NULL DEFAULT true,
    "position" BIGINT NOT NULL,
    "faults" INTEGER NOT NULL,
    "verified_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "verification_pkey" PRIMARY KEY ("singleton"),
    CONSTRAINT "verification_singleton_check" CHECK ("singleton")
);
