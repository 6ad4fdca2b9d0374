-- Subscribers find changed products by the position of their last change. An index by position on product_view would make
-- each update of a product write all of its indexes, so the positions have a table of their own.
-- Projectors write the checkpoint before any row: they wait here, and no change is missed.
LOCK TABLE "checkpoints" IN ACCESS EXCLUSIVE MODE;

CREATE TABLE "product_change_view" (
    "generation" INTEGER NOT NULL,
    "product_id" TEXT COLLATE "C" NOT NULL,
    "position" BIGINT NOT NULL,

    CONSTRAINT "product_change_view_pkey" PRIMARY KEY ("generation", "product_id")
);
CREATE INDEX "product_change_view_position" ON "product_change_view"("generation", "position");
INSERT INTO "product_change_view" SELECT "generation", "product_id", "position" FROM "product_view";
