/** The tables that Prisma's migrations make from ../plain.prisma. */
export const plainTable = `
  CREATE TABLE "PlainEvent" (
    "position" BIGSERIAL NOT NULL,
    "streamId" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "payload" JSONB NOT NULL,
    CONSTRAINT "PlainEvent_pkey" PRIMARY KEY ("position")
  );
  CREATE UNIQUE INDEX "PlainEvent_streamId_version_key" ON "PlainEvent"("streamId", "version")`;
