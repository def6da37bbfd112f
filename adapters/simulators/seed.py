"""The tables of the simulated world and what is in them on the first day.

Columns carry the names the contracts use. Ids are made from the row's number, so new ones follow the seeded ones.
"""

SCHEMA = """
CREATE TABLE customers (id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, status TEXT NOT NULL);
CREATE TABLE stock (sku TEXT PRIMARY KEY, available INTEGER NOT NULL CHECK (available >= 0), reserved INTEGER NOT NULL);
CREATE TABLE reservations (
    number INTEGER PRIMARY KEY,
    reservationId TEXT AS (printf('RSV%03d', number)) STORED UNIQUE,
    status TEXT NOT NULL, sku TEXT NOT NULL, quantity INTEGER NOT NULL, reference TEXT);
CREATE INDEX reservations_by_reference ON reservations (reference);
CREATE TABLE orders (
    number INTEGER PRIMARY KEY,
    orderId TEXT AS (printf('ORD%05d', number)) STORED UNIQUE,
    status TEXT NOT NULL, customerId TEXT NOT NULL, externalId TEXT NOT NULL, items TEXT NOT NULL,
    createdAt TEXT NOT NULL, reason TEXT);
CREATE INDEX orders_by_external_id ON orders (externalId);
CREATE INDEX orders_by_customer ON orders (customerId);
CREATE TABLE subscriptions (
    number INTEGER PRIMARY KEY,
    id TEXT AS (printf('SUB%04d', number)) STORED UNIQUE,
    customerId TEXT NOT NULL, plan TEXT NOT NULL, status TEXT NOT NULL);
CREATE INDEX subscriptions_by_customer ON subscriptions (customerId);
CREATE TABLE charges (
    number INTEGER PRIMARY KEY,
    chargeId TEXT AS (printf('CHG%04d', number)) STORED UNIQUE,
    orderId TEXT NOT NULL, amount TEXT NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL);
CREATE INDEX charges_by_order ON charges (orderId);
CREATE TABLE invoices (
    number INTEGER PRIMARY KEY,
    invoiceId TEXT AS (printf('INV%04d', number)) STORED UNIQUE,
    chargeId TEXT, orderId TEXT, customerId TEXT NOT NULL, total TEXT NOT NULL, currency TEXT NOT NULL,
    dueDate TEXT NOT NULL, status TEXT NOT NULL, lines TEXT NOT NULL);
CREATE INDEX invoices_by_order ON invoices (orderId);
CREATE INDEX invoices_by_charge ON invoices (chargeId);
CREATE INDEX invoices_open ON invoices (customerId) WHERE status = 'open';
CREATE TABLE shipments (
    number INTEGER PRIMARY KEY,
    shipmentId TEXT AS (printf('SHIP%04d', number)) STORED UNIQUE,
    orderId TEXT NOT NULL, status TEXT NOT NULL, carrier TEXT, tracking TEXT, shippedAt TEXT,
    estimatedDelivery TEXT NOT NULL);
CREATE INDEX shipments_by_order ON shipments (orderId);
CREATE TABLE ledger (
    number INTEGER PRIMARY KEY, backend TEXT NOT NULL, at TEXT NOT NULL, operation TEXT NOT NULL, key TEXT,
    id TEXT NOT NULL, data BLOB NOT NULL);
CREATE INDEX ledger_by_id ON ledger (id);
CREATE INDEX ledger_by_key ON ledger (key);
CREATE TABLE answers (
    operation TEXT NOT NULL, key TEXT NOT NULL, fingerprint BLOB NOT NULL, status INTEGER NOT NULL,
    body BLOB NOT NULL, PRIMARY KEY (operation, key)) WITHOUT ROWID;
"""

ADDED = """
CREATE TABLE IF NOT EXISTS billed_plans (
    subscriptionId TEXT PRIMARY KEY, customerId TEXT NOT NULL, plan TEXT NOT NULL, version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS billing_accounts (accountId TEXT PRIMARY KEY, customerId TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS billing_accounts_by_customer ON billing_accounts (customerId);
INSERT OR IGNORE INTO billing_accounts VALUES
    ('BA-12345', 'C12345'), ('BA-4711', 'C12345'), ('1513', 'C12345'), ('BA-12346', 'C12346'),
    ('BA-12347', 'C12347'), ('BA-12348', 'C12348'), ('BA-12349', 'C12349'), ('BA-20000', 'C20000'),
    ('BA-40200', 'C40200'), ('BA-50000', 'C50000');
INSERT OR IGNORE INTO stock VALUES
    ('SKU201', 10000, 0), ('SKU202', 10000, 0), ('SKU203', 10000, 0), ('SKU204', 10000, 0), ('SKU205', 10000, 0),
    ('SKU206', 10000, 0);
"""
"""What state files made by earlier releases lack."""

SEED = """
INSERT INTO customers VALUES
    ('C12345', 'John Doe', 'john.doe@example.com', 'verified'),
    ('C12346', 'Jane Roe', 'jane.roe@example.com', 'verified'),
    ('C12347', 'Amina Diallo', 'amina.diallo@example.com', 'verified'),
    ('C12348', 'José Núñez', 'jose.nunez@example.com', 'verified'),
    ('C12349', 'Acme GmbH', 'orders@acme.example', 'verified'),
    ('C20000', 'Paul Pending', 'paul.pending@example.com', 'pending'),
    ('C40200', 'Dora Declined', 'dora.declined@example.com', 'verified'),
    ('C50000', 'Sam Suspended', 'sam.suspended@example.com', 'suspended');
INSERT INTO stock VALUES ('SKU123', 1000000, 2), ('SKU456', 500000, 0), ('SKU789', 250000, 0), ('SKU999', 0, 0);
INSERT INTO reservations (number, status, sku, quantity, reference) VALUES (1, 'reserved', 'SKU123', 2, 'web-1');
INSERT INTO orders (number, status, customerId, externalId, items, createdAt) VALUES
    (98765, 'created', 'C12345', 'web-1',
     '[{"sku":"SKU123","quantity":2,"reservationId":"RSV001"},{"sku":"SKU456","quantity":1}]', '2026-07-01T10:00:00Z');
INSERT INTO subscriptions (number, customerId, plan, status) VALUES
    (1119, 'C12347', 'Basic', 'terminated'),
    (1120, 'C12346', 'Basic', 'active'), (1121, 'C12346', 'Standard', 'active'), (1122, 'C12345', 'Premium', 'active');
INSERT INTO charges (number, orderId, amount, currency, status) VALUES (1234, 'ORD98765', '199.97', 'EUR', 'success');
INSERT INTO invoices (number, chargeId, orderId, customerId, total, currency, dueDate, status, lines) VALUES
    (4566, NULL, NULL, 'C12345', '49.90', 'EUR', '2026-08-15', 'open', '[]'),
    (4567, 'CHG1234', 'ORD98765', 'C12345', '199.97', 'EUR', '2026-07-31', 'paid',
     '[{"sku":"SKU123","quantity":2},{"sku":"SKU456","quantity":1}]');
INSERT INTO shipments (number, orderId, status, carrier, tracking, shippedAt, estimatedDelivery) VALUES
    (7890, 'ORD98765', 'in transit', 'DHL', 'TRK7890', '2026-07-02T08:30:00Z', '2026-07-05');
"""
