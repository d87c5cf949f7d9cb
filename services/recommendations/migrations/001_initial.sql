-- What is known of each order, whatever the order of its events: an order counts when it is confirmed, not cancelled, and its products are known.
CREATE TABLE orders (
    id uuid PRIMARY KEY,
    skus text[],
    confirmed boolean NOT NULL,
    cancelled boolean NOT NULL,
    counted boolean NOT NULL DEFAULT false
);

-- A product of a counted order. The ID is derived from the SKU.
CREATE TABLE products (
    id uuid PRIMARY KEY,
    sku text NOT NULL,
    -- The number of counted orders that contain the product.
    orders bigint NOT NULL,
    -- The products that are bought together with it, as the last event shows them.
    recommended jsonb NOT NULL DEFAULT '[]',
    last_sequence bigint NOT NULL DEFAULT 0
);

-- The number of counted orders that contain both products; each pair in both directions.
CREATE TABLE pairs (
    product_id uuid NOT NULL,
    other_id uuid NOT NULL,
    orders bigint NOT NULL,
    PRIMARY KEY (product_id, other_id)
);
CREATE INDEX ix_pairs_most_frequent ON pairs (product_id, orders DESC, other_id) WHERE orders > 0;

-- Outbox and inbox have the columns of shared/Messaging, so that operators read them alike in every database.
CREATE TABLE outbox (
    seq bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_outbox PRIMARY KEY,
    event_id uuid NOT NULL,
    topic text NOT NULL,
    type text NOT NULL,
    subject uuid NOT NULL,
    sequence bigint NOT NULL,
    version integer NOT NULL,
    payload json NOT NULL,
    occurred_at timestamptz NOT NULL,
    causation_id uuid,
    correlation_id uuid,
    trace_parent text,
    trace_state text,
    published_at timestamptz,
    error text
);
CREATE UNIQUE INDEX ix_outbox_event_id ON outbox (event_id);
CREATE INDEX ix_outbox_unpublished ON outbox (seq) WHERE published_at IS NULL AND error IS NULL;
CREATE INDEX ix_outbox_occurred_at ON outbox USING brin (occurred_at);

CREATE TABLE inbox (
    event_id uuid CONSTRAINT pk_inbox PRIMARY KEY,
    received_at timestamptz NOT NULL
);
CREATE INDEX ix_inbox_received_at ON inbox USING brin (received_at);
