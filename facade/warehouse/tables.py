"""The tables and views of the warehouse, and how a chunk of events is folded into them.

`events` is the history. `entities`, `orders`, `order_items`, `order_charges` and `assets` are the state after the last
event of each subject. Everything else is a view. Times are in UTC. `docs/warehouse.md` describes each column.
"""

LAYOUT = 1
"""The version of these tables. A file with another one has to be rebuilt."""

TABLES = """
CREATE TABLE stream(
    number BIGINT NOT NULL, last BIGINT NOT NULL, assets_read BIGINT NOT NULL, source VARCHAR NOT NULL,
    layout INTEGER NOT NULL);

CREATE TABLE events(
    number BIGINT NOT NULL, id VARCHAR NOT NULL UNIQUE, type VARCHAR NOT NULL, version INTEGER,
    occurred_at TIMESTAMP NOT NULL,
    subject_type VARCHAR NOT NULL, subject_id VARCHAR NOT NULL, sequence BIGINT NOT NULL,
    owner VARCHAR, customer_id VARCHAR, actor VARCHAR, correlation_id VARCHAR, causation_id VARCHAR,
    hints JSON, state VARCHAR, document JSON);

CREATE TABLE entities(
    subject_type VARCHAR NOT NULL, subject_id VARCHAR NOT NULL, number BIGINT NOT NULL, sequence BIGINT NOT NULL,
    changed_at TIMESTAMP NOT NULL, removed BOOLEAN NOT NULL, owner VARCHAR, customer_id VARCHAR,
    state VARCHAR, document JSON,
    PRIMARY KEY (subject_type, subject_id));

CREATE TABLE orders(
    order_id VARCHAR PRIMARY KEY, owner VARCHAR, customer_id VARCHAR, state VARCHAR,
    created_at TIMESTAMP, changed_at TIMESTAMP NOT NULL);

CREATE TABLE order_items(
    order_id VARCHAR NOT NULL, item_id VARCHAR, action VARCHAR, offering_id VARCHAR, asset_id VARCHAR,
    quantity DECIMAL(18, 3), state VARCHAR);

CREATE TABLE order_charges(
    order_id VARCHAR NOT NULL, item_id VARCHAR, offering_id VARCHAR, price_type VARCHAR, period VARCHAR,
    currency VARCHAR, tax_included BOOLEAN, amount DECIMAL(20, 4));

CREATE TABLE assets(
    asset_id VARCHAR PRIMARY KEY, owner VARCHAR, customer_id VARCHAR, status VARCHAR, name VARCHAR,
    offering_id VARCHAR, changed_at TIMESTAMP NOT NULL);
"""

VIEWS = """
CREATE VIEW order_states AS
SELECT order_id, previous, state, entered_at, number
FROM (
    SELECT subject_id AS order_id, state, occurred_at AS entered_at, number,
        lag(state) OVER (PARTITION BY subject_id ORDER BY number) AS previous
    FROM events WHERE subject_type = 'order' AND state IS NOT NULL)
WHERE state IS DISTINCT FROM previous;

CREATE VIEW orders_by_state AS
SELECT state, count(*) AS orders FROM orders GROUP BY state ORDER BY orders DESC, state;

CREATE VIEW orders_by_hour AS
SELECT date_trunc('hour', entered_at) AS hour, state, count(*) AS orders
FROM order_states GROUP BY ALL ORDER BY hour, state;

CREATE VIEW lead_times AS
SELECT order_id, acknowledged_at, completed_at, epoch(completed_at - acknowledged_at) AS seconds
FROM (
    SELECT subject_id AS order_id,
        min(occurred_at) FILTER (type = 'OrderSubmitted') AS acknowledged_at,
        min(occurred_at) FILTER (type = 'OrderCompleted') AS completed_at
    FROM events WHERE type IN ('OrderSubmitted', 'OrderCompleted') GROUP BY subject_id)
WHERE completed_at IS NOT NULL AND acknowledged_at IS NOT NULL;

CREATE VIEW lead_times_by_day AS
SELECT CAST(completed_at AS DATE) AS day, count(*) AS orders, median(seconds) AS median_seconds,
    quantile_cont(seconds, 0.95) AS p95_seconds, max(seconds) AS longest_seconds
FROM lead_times GROUP BY ALL ORDER BY day;

CREATE VIEW fallout AS
SELECT number, subject_id AS order_id, owner, customer_id, occurred_at, hints->>'$.code' AS code,
    CASE type WHEN 'OrderRejected' THEN 'rejected' WHEN 'OrderFailed' THEN 'failed' ELSE 'fellOut' END AS kind
FROM events WHERE type IN ('OrderRejected', 'OrderFailed', 'OrderFellOut');

CREATE VIEW fallout_by_code AS
SELECT kind, code, count(DISTINCT order_id) AS orders FROM fallout GROUP BY ALL ORDER BY orders DESC, kind, code;

CREATE VIEW cancellations AS
SELECT subject_id AS cancellation_id, document->>'$.productOrder.id' AS order_id, owner, customer_id, state,
    document->>'$.cancellationReason' AS reason, document->>'$.blockingMilestone' AS milestone,
    TRY_CAST(document->>'$.creationDate' AS TIMESTAMP) AS created_at, changed_at
FROM entities WHERE subject_type = 'cancellation' AND NOT removed;

CREATE VIEW cancellations_by_state AS
SELECT state, count(*) AS cancellations FROM cancellations GROUP BY ALL ORDER BY cancellations DESC, state;

CREATE VIEW offerings AS
SELECT offering_id, coalesce(max(catalog_name), max(sold_name)) AS name
FROM (
    SELECT document->>'$.id' AS offering_id, arg_max(document->>'$.name', number) AS catalog_name, NULL AS sold_name
    FROM entities WHERE subject_type = 'offering' GROUP BY ALL
    UNION ALL
    SELECT offering_id, NULL, arg_max(document->>'$.productOffering.name', entities.changed_at)
    FROM assets JOIN entities ON subject_type = 'asset' AND subject_id = asset_id
    WHERE offering_id IS NOT NULL GROUP BY ALL)
GROUP BY offering_id;

CREATE VIEW revenue_by_offering AS
SELECT offering_id, offerings.name, price_type, period, currency, tax_included,
    count(DISTINCT order_id) AS orders, sum(amount) AS amount
FROM order_charges JOIN orders USING (order_id) LEFT JOIN offerings USING (offering_id)
WHERE orders.state = 'completed' GROUP BY ALL ORDER BY currency, price_type, period, amount DESC, offering_id;

CREATE VIEW assets_by_status AS
SELECT status, count(*) AS assets FROM assets GROUP BY status ORDER BY assets DESC, status;

CREATE VIEW asset_loads AS
SELECT number, subject_id AS job_id, occurred_at, CAST(hints->>'$.count' AS BIGINT) AS assets
FROM events WHERE type = 'CustomerAssetsLoaded';

CREATE VIEW missing_numbers AS
SELECT previous + 1 AS first, number - 1 AS last
FROM (
    SELECT number, lag(number, 1, 0) OVER (ORDER BY number) AS previous
    FROM (SELECT number FROM events UNION ALL SELECT number + 1 FROM stream))
WHERE number > previous + 1;
"""

PAGE = """{"items": [{
    "number": "BIGINT", "id": "VARCHAR", "type": "VARCHAR", "version": "INTEGER", "at": "TIMESTAMP",
    "subject": {"type": "VARCHAR", "id": "VARCHAR", "sequence": "BIGINT"},
    "owner": "VARCHAR", "customerId": "VARCHAR", "actor": "VARCHAR", "correlationId": "VARCHAR",
    "causationId": "VARCHAR", "hints": "JSON", "document": "JSON"}]}"""
"""What is read of a page of the feed. DuckDB reads the text itself: that is much faster than rows from Python."""

NEW_EVENTS = """
CREATE OR REPLACE TEMP TABLE chunk AS
SELECT DISTINCT ON (event.id)
    event.number, event.id, event.type, event.version, event.at AS occurred_at,
    event.subject.type AS subject_type, event.subject.id AS subject_id, event.subject.sequence AS sequence,
    event.owner, event.customerId AS customer_id, event.actor, event.correlationId AS correlation_id,
    event.causationId AS causation_id, event.hints,
    coalesce(
        event.document->>'$.state', event.document->>'$.status', event.document->>'$.lifecycleStatus',
        CASE event.type
            WHEN 'OrderDrafted' THEN 'draft' WHEN 'OrderSubmitted' THEN 'acknowledged'
            WHEN 'OrderRejected' THEN 'rejected' WHEN 'OrderValidated' THEN 'inProgress'
            WHEN 'OrderFulfilmentStarted' THEN 'inProgress' WHEN 'OrderCompleted' THEN 'completed'
            WHEN 'OrderFailed' THEN 'failed' WHEN 'OrderFellOut' THEN 'failed' WHEN 'OrderCancelled' THEN 'cancelled'
        END) AS state,
    event.document AS document
FROM (SELECT unnest(from_json(page, $structure).items) AS event FROM (SELECT unnest($pages) AS page))
WHERE event.number > (SELECT number FROM stream) AND NOT EXISTS (SELECT 1 FROM events WHERE events.id = event.id)
"""
"""The events of these pages that are not stored yet, each once.

Events of releases before 0.3 have no document, so the state of their orders follows from the type.
"""

FOLDS = (
    "INSERT INTO events SELECT * FROM chunk ORDER BY number",
    """
    CREATE OR REPLACE TEMP TABLE newest AS
    SELECT DISTINCT ON (subject_type, subject_id) *, ends_with(type, 'Removed') AS removed
    FROM chunk ORDER BY number DESC
    """,
    """
    INSERT OR REPLACE INTO entities
    SELECT subject_type, subject_id, number, sequence, occurred_at, removed, owner, customer_id, state, document
    FROM newest
    """,
    """
    INSERT OR REPLACE INTO orders
    SELECT subject_id, owner, customer_id, state, TRY_CAST(document->>'$.creationDate' AS TIMESTAMP), occurred_at
    FROM newest WHERE subject_type = 'order' AND NOT removed
    """,
    "DELETE FROM orders WHERE order_id IN (SELECT subject_id FROM newest WHERE subject_type = 'order' AND removed)",
    "DELETE FROM order_items WHERE order_id IN (SELECT subject_id FROM newest WHERE subject_type = 'order')",
    "DELETE FROM order_charges WHERE order_id IN (SELECT subject_id FROM newest WHERE subject_type = 'order')",
    """
    CREATE OR REPLACE TEMP TABLE items AS
    WITH RECURSIVE listed(order_id, item) AS (
        SELECT subject_id, unnest(TRY_CAST(document->'$.productOrderItem' AS JSON[]))
        FROM newest WHERE subject_type = 'order' AND NOT removed
        UNION ALL
        SELECT order_id, unnest(TRY_CAST(item->'$.productOrderItem' AS JSON[])) FROM listed
        WHERE (item->'$.productOrderItem') IS NOT NULL)
    SELECT order_id, item->>'$.id' AS item_id, item->>'$.action' AS action,
        item->>'$.productOffering.id' AS offering_id, item->>'$.product.id' AS asset_id,
        TRY_CAST(item->>'$.quantity' AS DECIMAL(18, 3)) AS quantity, item->>'$.state' AS state,
        item->'$.itemTotalPrice' AS prices
    FROM listed
    """,
    "INSERT INTO order_items SELECT order_id, item_id, action, offering_id, asset_id, quantity, state FROM items",
    # What was charged stands after the prices that the partner stated, with the name `charged`. If the partner's prices
    # of one type and period come to the same, they stand alone. Only added products are charged by their stated prices.
    """
    INSERT INTO order_charges
    WITH listed AS (
        SELECT order_id, item_id, offering_id, action, unnest(TRY_CAST(prices AS JSON[])) AS price,
            generate_subscripts(TRY_CAST(prices AS JSON[]), 1) AS place
        FROM items WHERE prices IS NOT NULL),
    priced AS (
        SELECT order_id, item_id, offering_id, action, place, (price->>'$.name') = 'charged' AS is_ours,
            price->>'$.priceType' AS price_type, price->>'$.recurringChargePeriod' AS period,
            (price->'$.price.taxIncludedAmount') IS NOT NULL AS tax_included,
            coalesce(price->'$.price.taxIncludedAmount', price->'$.price.dutyFreeAmount') AS money
        FROM listed)
    SELECT order_id, item_id, offering_id, price_type, period, arg_max(money->>'$.unit', place),
        arg_max(tax_included, place),
        TRY_CAST(CASE WHEN bool_or(is_ours) THEN arg_max(TRY_CAST(money->>'$.value' AS DECIMAL(20, 4)), place)
            ELSE sum(TRY_CAST(money->>'$.value' AS DECIMAL(20, 4))) END AS DECIMAL(20, 4))
    FROM priced WHERE action = 'add' OR is_ours
    GROUP BY order_id, item_id, offering_id, price_type, period
    """,
    """
    INSERT OR REPLACE INTO assets
    SELECT subject_id, owner, customer_id, state, document->>'$.name', document->>'$.productOffering.id', occurred_at
    FROM newest WHERE subject_type = 'asset' AND document IS NOT NULL AND NOT removed
    """,
    "DELETE FROM assets WHERE asset_id IN (SELECT subject_id FROM newest WHERE subject_type = 'asset' AND removed)",
)
"""Executed one after the other for the events in `chunk`."""

PRODUCTS = """["JSON"]"""
NEW_ASSETS = """
CREATE OR REPLACE TEMP TABLE listed AS
SELECT product->>'$.id' AS asset_id, json_merge_patch(product, '{"href": null}') AS document,
    coalesce(TRY_CAST(product->>'$.creationDate' AS TIMESTAMP), TIMESTAMP '1970-01-01') AS created_at,
    list_filter(
        CAST(product->'$.relatedParty' AS JSON[]), lambda party: (party->>'$.role') = 'Customer'
    )[1]->>'$.partyOrPartyRole.id' AS customer_id
FROM (SELECT unnest(from_json($page, $structure)) AS product)
WHERE NOT EXISTS (SELECT 1 FROM entities WHERE subject_type = 'asset' AND subject_id = (product->>'$.id'))
"""
"""The products of a page that no event has told of."""

LISTED = (
    """
    INSERT INTO entities
    SELECT 'asset', asset_id, 0, 0, created_at, false, '', customer_id, document->>'$.status', document FROM listed
    """,
    """
    INSERT INTO assets
    SELECT asset_id, '', customer_id, document->>'$.status', document->>'$.name',
        document->>'$.productOffering.id', created_at
    FROM listed
    """,
)
"""A later event about such an asset replaces its rows."""

STATE_TABLES = ("events", "entities", "orders", "order_items", "order_charges", "assets")
"""What a rebuild gives again, row by row."""
