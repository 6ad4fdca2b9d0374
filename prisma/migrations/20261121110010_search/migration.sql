-- The words by which a row is found, put there by the program: see src/projections/search.ts. No dictionary and no
-- parser of PostgreSQL's has a say in them, so that every database finds the same.
ALTER TABLE "order_view" ADD COLUMN "search" TSVECTOR;
ALTER TABLE "customer_view" ADD COLUMN "search" TSVECTOR;
ALTER TABLE "product_view" ADD COLUMN "search" TSVECTOR;
CREATE INDEX "order_view_search" ON "order_view" USING GIN ("search");
CREATE INDEX "customer_view_search" ON "customer_view" USING GIN ("search");
CREATE INDEX "product_view_search" ON "product_view" USING GIN ("search");

-- Orders of customers whose name was searched for, beside those that were found by their own words.
CREATE INDEX "order_view_customer" ON "order_view"("generation", "customer_id", "created_at", "order_id");

-- The views are folded anew, so that what is there already is found too.
TRUNCATE "order_view", "customer_order_view", "customer_view", "product_view",
  "customer_totals", "sales_by_day", "product_sales", "product_sales_by_day";
UPDATE "checkpoints" SET "position" = 0, "hash" = '000000000000';
