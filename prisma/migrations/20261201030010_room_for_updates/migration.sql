-- Whatever changes an order changes its position and when it changed, and lists and live reads find both by an index: so
-- no update of these two tables is heap-only, and each leaves a dead entry in every index. By default autovacuum removes
-- them when a fifth of the table has changed: at a million orders, 200,000 dead rows and 3,600,000 dead entries. Removed
-- at a fiftieth, their places are used again, and pages stay marked as visible, which walks inside an index rest on.
-- See docs/decisions/0026-early-vacuum-of-orders.md.
ALTER TABLE "order_view" SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE "customer_order_view" SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- No index has what changes in these rows. With room left in each page a new version of a row stands beside the old one
-- and no index is written. The pages that are there already are refilled as their rows change.
ALTER TABLE "customer_totals" SET (fillfactor = 80);
ALTER TABLE "sales_by_day" SET (fillfactor = 80);
ALTER TABLE "product_sales_by_day" SET (fillfactor = 80);
ALTER TABLE "product_sales_by_month" SET (fillfactor = 80);
ALTER TABLE "product_view" SET (fillfactor = 80);
