-- Without it a page in a currency that few orders are in reads the whole list to its end.
CREATE INDEX "order_view_currency" ON "order_view"("generation", "currency", "created_at", "order_id");
