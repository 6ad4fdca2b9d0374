CREATE TABLE account_view (
  generation integer NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  customer_id text COLLATE "C" NOT NULL,
  holder text NOT NULL,
  balance bigint NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  version integer NOT NULL,
  position bigint NOT NULL,
  hash text NOT NULL,
  PRIMARY KEY (generation, account_id)
);
