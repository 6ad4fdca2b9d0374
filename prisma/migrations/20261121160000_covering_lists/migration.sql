-- A list that is filtered by one thing and sorted by another walks the index of its order until a page is full. With what
-- lists are filtered by inside the index it walks there and reads no row that it does not answer: of a customer's 100,000
-- orders in a rare state, a thousand pages instead of a hundred thousand. As many entries are written as before.
-- The new ones are built first, beside the old ones: lists are read meanwhile.
CREATE INDEX "customer_order_view_created_wide" ON "customer_order_view"
  ("generation", "customer_id", "created_at", "order_id", "status", "currency");
CREATE INDEX "customer_order_view_updated_wide" ON "customer_order_view"
  ("generation", "customer_id", "updated_at", "order_id", "status", "currency", "created_at");
CREATE INDEX "customer_order_view_total_wide" ON "customer_order_view"
  ("generation", "customer_id", "total", "order_id", "status", "currency", "created_at");
CREATE INDEX "order_view_updated_wide" ON "order_view"
  ("generation", "updated_at", "order_id", "status", "currency", "created_at");
CREATE INDEX "order_view_total_wide" ON "order_view"
  ("generation", "total", "order_id", "status", "currency", "created_at");

-- Among indexes that cost the same the planner takes the newest, and on tables that are empty all of them do. A process
-- that is started then keeps its plans: with a list's indexes made after the keys, it looked a row up by a walk through
-- all of a generation. So the keys are made last; an index that is made later wants them made again.
CREATE UNIQUE INDEX "customer_order_view_key" ON "customer_order_view" ("generation", "order_id");
CREATE UNIQUE INDEX "order_view_key" ON "order_view" ("generation", "order_id");
CREATE UNIQUE INDEX "customer_view_key" ON "customer_view" ("generation", "customer_id");
CREATE UNIQUE INDEX "product_view_key" ON "product_view" ("generation", "product_id");

-- Whatever reads or writes the views names the checkpoints first: it waits there, with no other lock in its hands that
-- this could wait for.
LOCK TABLE "checkpoints" IN ACCESS EXCLUSIVE MODE;
DROP INDEX "customer_order_view_created", "customer_order_view_updated", "customer_order_view_total";
ALTER INDEX "customer_order_view_created_wide" RENAME TO "customer_order_view_created";
ALTER INDEX "customer_order_view_updated_wide" RENAME TO "customer_order_view_updated";
ALTER INDEX "customer_order_view_total_wide" RENAME TO "customer_order_view_total";
DROP INDEX "order_view_updated", "order_view_total";
ALTER INDEX "order_view_updated_wide" RENAME TO "order_view_updated";
ALTER INDEX "order_view_total_wide" RENAME TO "order_view_total";

ALTER TABLE "customer_order_view" DROP CONSTRAINT "customer_order_view_pkey",
  ADD CONSTRAINT "customer_order_view_pkey" PRIMARY KEY USING INDEX "customer_order_view_key";
ALTER TABLE "order_view" DROP CONSTRAINT "order_view_pkey",
  ADD CONSTRAINT "order_view_pkey" PRIMARY KEY USING INDEX "order_view_key";
ALTER TABLE "customer_view" DROP CONSTRAINT "customer_view_pkey",
  ADD CONSTRAINT "customer_view_pkey" PRIMARY KEY USING INDEX "customer_view_key";
ALTER TABLE "product_view" DROP CONSTRAINT "product_view_pkey",
  ADD CONSTRAINT "product_view_pkey" PRIMARY KEY USING INDEX "product_view_key";
