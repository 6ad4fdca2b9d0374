-- The best products of a long span were added up from its days: of a year at a million orders, 50,000 rows. Months are
-- added up as days are, and what the days say already is put into them here, in each generation.
-- Projectors write the checkpoint before any sum: they wait here, and nothing is counted twice or missed.
LOCK TABLE "checkpoints" IN ACCESS EXCLUSIVE MODE;

CREATE TABLE "product_sales_by_month" (
    "generation" INTEGER NOT NULL,
    "currency" TEXT NOT NULL,
    "month" DATE NOT NULL,
    "product_id" TEXT COLLATE "C" NOT NULL,
    "units" BIGINT NOT NULL,
    "revenue" DECIMAL(38,0) NOT NULL,

    CONSTRAINT "product_sales_by_month_pkey" PRIMARY KEY ("generation", "currency", "month", "product_id")
);
INSERT INTO "product_sales_by_month"
SELECT "generation", "currency", date_trunc('month', "day"::timestamp)::date, "product_id", sum("units"), sum("revenue")
FROM "product_sales_by_day" GROUP BY 1, 2, 3, 4;
