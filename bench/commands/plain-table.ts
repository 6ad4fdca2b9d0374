/** What Prisma's migrations make of ../plain.prisma. */
export const plainTable = `
  CREATE TABLE "PlainEvent" (
    "position" BIGSERIAL NOT NULL,
    "streamId" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "payload" JSONB NOT NULL,
    CONSTRAINT "PlainEvent_pkey" PRIMARY KEY ("position")
  );
  CREATE UNIQUE INDEX "PlainEvent_streamId_version_key" ON "PlainEvent"("streamId", "version")`;
