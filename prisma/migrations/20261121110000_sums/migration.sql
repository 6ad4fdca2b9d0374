-- Sums over orders, kept by the projector. A row whose numbers are zero says nothing: what it counted has moved on.
CREATE TABLE "customer_totals" (
    "generation" INTEGER NOT NULL,
    "customer_id" TEXT COLLATE "C" NOT NULL,
    "status" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "orders" BIGINT NOT NULL,
    "spent" DECIMAL(38,0) NOT NULL,

    CONSTRAINT "customer_totals_pkey" PRIMARY KEY ("generation", "customer_id", "status", "currency")
);

CREATE TABLE "sales_by_day" (
    "generation" INTEGER NOT NULL,
    "currency" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "orders" BIGINT NOT NULL,
    "units" BIGINT NOT NULL,
    "revenue" DECIMAL(38,0) NOT NULL,

    CONSTRAINT "sales_by_day_pkey" PRIMARY KEY ("generation", "currency", "day")
);

CREATE TABLE "product_sales" (
    "generation" INTEGER NOT NULL,
    "currency" TEXT NOT NULL,
    "product_id" TEXT COLLATE "C" NOT NULL,
    "units" BIGINT NOT NULL,
    "revenue" DECIMAL(38,0) NOT NULL,

    CONSTRAINT "product_sales_pkey" PRIMARY KEY ("generation", "currency", "product_id")
);
CREATE INDEX "product_sales_revenue" ON "product_sales"("generation", "currency", "revenue", "product_id");

CREATE TABLE "product_sales_by_day" (
    "generation" INTEGER NOT NULL,
    "currency" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "product_id" TEXT COLLATE "C" NOT NULL,
    "units" BIGINT NOT NULL,
    "revenue" DECIMAL(38,0) NOT NULL,

    CONSTRAINT "product_sales_by_day_pkey" PRIMARY KEY ("generation", "currency", "day", "product_id")
);

-- When a customer last ordered is the end of an index: a greatest value can't be taken back from a sum.
ALTER TABLE "customer_order_view" ADD COLUMN "submitted_at" TIMESTAMPTZ(3);
CREATE INDEX "customer_order_view_submitted" ON "customer_order_view"("generation", "customer_id", "submitted_at")
  WHERE "submitted_at" IS NOT NULL;

-- The views are folded anew: what stands in them was never added up.
TRUNCATE "order_view", "customer_order_view", "customer_view", "product_view";
UPDATE "checkpoints" SET "position" = 0, "hash" = '000000000000';
