-- Lists of a customer that are cut down to a product are found in order_view, by the index that is there. Here nothing
-- read them, and they were written anew with each change of an order: 41 bytes a line.
ALTER TABLE "customer_order_view" DROP COLUMN "product_ids";
