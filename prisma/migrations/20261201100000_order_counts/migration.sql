-- The number of orders in each status was known for each customer only. What the totals of the customers say already is
-- put into it here, in each generation.
-- Projectors write the checkpoint before any sum: they wait here, and nothing is counted twice or missed.
LOCK TABLE "checkpoints" IN ACCESS EXCLUSIVE MODE;

CREATE TABLE "order_counts" (
    "generation" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "orders" BIGINT NOT NULL,

    CONSTRAINT "order_counts_pkey" PRIMARY KEY ("generation", "status")
);
INSERT INTO "order_counts" SELECT "generation", "status", sum("orders") FROM "customer_totals" GROUP BY 1, 2;
