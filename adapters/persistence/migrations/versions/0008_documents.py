"""One table for aggregates of every kind and their documents, and subjects instead of orders.

What is written here is what the product wrote at this version: a migration does not follow later changes of it.
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'


def _plain(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length=length).with_variant(sa.String(length=length, collation='C'), 'postgresql')


ID, TIME, STATE, KIND = _plain(36), _plain(27), _plain(30), sa.String(length=40)
SUBJECTS = ('outbox', 'idempotency_keys', 'audit')
LATEST = {
    'sqlite': "json_extract({body}, '$.timeline[#-1].at')",
    'postgresql': "{body}::jsonb #>> '{{timeline,-1,at}}'",
}
CHANGED = {'sqlite': "json_extract({body}, '$.changed_at')", 'postgresql': "{body}::jsonb ->> 'changed_at'"}
CREATED = {'sqlite': "json_extract({body}, '$.submitted_at')", 'postgresql': "{body}::jsonb ->> 'submitted_at'"}
MEMBER = {'sqlite': "json_extract({body}, '$.{name}')", 'postgresql': "{body}::jsonb ->> '{name}'"}
QUOTED = {'sqlite': 'json_quote({text})', 'postgresql': 'to_json({text})::text'}
INDEXES = (
    ('resource', 'owner'),
    ('resource', 'owner', 'id'),
    ('resource', 'shown_state', 'id'),
    ('resource', 'owner', 'shown_state', 'id'),
    ('resource', 'created_at', 'id'),
    ('resource', 'owner', 'created_at', 'id'),
    ('resource', 'reference', 'id'),
)


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    _check_orders()
    op.create_table(
        'documents',
        sa.Column('resource', KIND, nullable=False, comment='the kind of aggregate'),
        sa.Column('id', ID, nullable=False),
        sa.Column('owner', sa.String(length=100), nullable=False, comment='the client that it belongs to; empty for none'),
        sa.Column('customer_id', sa.String(length=100), nullable=False, comment='empty for none'),
        sa.Column('reference', sa.String(length=100), nullable=True, comment='the id of something else that it has or is about'),
        sa.Column('state', sa.String(length=30), nullable=False, comment='of the aggregate'),
        sa.Column('shown_state', STATE, nullable=False, comment='as the document shows it'),
        sa.Column('created_at', TIME, nullable=False, comment='to the millisecond, as documents show it'),
        sa.Column('changed_at', TIME, nullable=False, comment='to the millisecond, as documents show it'),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('carried', sa.Text(), nullable=False, comment='what was sent and nobody inside reads, as JSON'),
        sa.Column('aggregate', sa.Text(), nullable=False, comment='as JSON'),
        sa.Column('document', sa.Text(), nullable=True, comment='the resource without its addresses, as JSON'),
        sa.PrimaryKeyConstraint('resource', 'id', name='pk_documents'),
        comment='aggregates of every kind, each with the document that is read and searched',
    )
    _copy(dialect)
    for names in INDEXES:
        op.create_index(f'ix_documents_{"_".join(names)}', 'documents', list(names))
    _terms()
    for table in SUBJECTS:
        _subjects(table)
    for table in ('product_order_documents', 'orders', 'cancellations', 'plan_changes'):
        op.drop_table(table)


def _check_orders() -> None:
    """Raises RuntimeError for orders that could not be copied: what they carry is kept with their documents."""
    query = 'SELECT id FROM orders WHERE id NOT IN (SELECT order_id FROM product_order_documents) ORDER BY id'
    found = list(op.get_bind().scalars(sa.text(query)))
    if found:
        orders = '1 order has' if len(found) == 1 else f'{len(found)} orders have'
        raise RuntimeError(
            f'{orders} no row in product_order_documents: {", ".join(found[:10])}. Restore the missing rows from a backup,'
            ' or delete these orders from the table orders, and run `tmf-facade db upgrade` again. Nothing was changed.'
        )


def _copy(dialect: str) -> None:
    into = (
        'INSERT INTO documents (resource, id, owner, customer_id, reference, state, shown_state, created_at, changed_at,'
        ' version, carried, aggregate, document) SELECT '
    )

    def milliseconds(time: str) -> str:
        return f"substr({time}, 1, 23) || '000Z'"

    def member(body: str, name: str) -> str:
        return MEMBER[dialect].format(body=body, name=name)

    # Cancellations know their customer since this version: it is the last member of their JSON.
    customer = QUOTED[dialect].format(text='d.customer_id')
    cancellation = f"""substr(c.body, 1, length(c.body) - 1) || ',"customer_id":' || {customer} || '}}'"""
    op.execute(
        f"{into} 'order', o.id, o.owner, d.customer_id, o.bss_order_id, o.state, d.state, d.ordered_at,"
        f" {milliseconds(LATEST[dialect].format(body='o.body'))}, o.version, d.carried, o.body, d.document"
        ' FROM orders o JOIN product_order_documents d ON d.order_id = o.id'
    )
    op.execute(
        f"{into} 'cancellation', c.id, c.owner, d.customer_id, c.order_id, {member('c.body', 'state')}, c.state,"
        f" c.asked_at, {milliseconds('coalesce(' + member('c.body', 'effective_at') + ', c.asked_at)')},"
        f' c.version, c.carried, {cancellation}, c.document'
        ' FROM cancellations c JOIN product_order_documents d ON d.order_id = c.order_id'
    )
    op.execute(
        f"{into} 'planChange', p.id, {member('p.body', 'owner')}, {member('p.body', 'customer_id')},"
        f" p.subscription_id, p.state, p.state, {milliseconds(CREATED[dialect].format(body='p.body'))},"
        f" {milliseconds(CHANGED[dialect].format(body='p.body'))}, p.version, '{{}}', p.body, NULL FROM plan_changes p"
    )


def _terms() -> None:
    op.create_table(
        'terms',
        sa.Column('resource', KIND, nullable=False),
        sa.Column('path', _plain(100), nullable=False),
        sa.Column('value', _plain(100), nullable=False),
        sa.Column('id', ID, nullable=False),
        sa.PrimaryKeyConstraint('resource', 'path', 'value', 'id', name='pk_terms'),
        comment='texts in documents that documents are found by',
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO terms (resource, path, value, id) SELECT 'order', path, value, order_id FROM product_order_terms"
    )
    op.create_index('ix_terms_resource_id', 'terms', ['resource', 'id'])
    op.drop_table('product_order_terms')


def _subjects(table: str) -> None:
    """`order_id` becomes `subject`, with its type beside it."""
    nullable = table == 'audit'
    with op.batch_alter_table(table) as batch:
        if table == 'outbox':
            batch.drop_constraint('uq_outbox_order_id_sequence', type_='unique')
        if table == 'audit':
            batch.drop_index('ix_audit_order_id')
        batch.alter_column('order_id', new_column_name='subject', existing_type=ID, existing_nullable=nullable)
        batch.add_column(sa.Column('subject_type', KIND, nullable=True, comment='the kind of aggregate'))
        if table == 'idempotency_keys':
            said = 'what was answered, where it cannot be made again from the subject'
            batch.alter_column('answer', existing_type=sa.Text(), existing_nullable=True, comment=said)
    op.execute(f"UPDATE {table} SET subject_type = (SELECT min(resource) FROM documents WHERE id = {table}.subject)")
    if table == 'outbox':
        plans = "type LIKE 'PlanChange%' OR type LIKE 'SubscriptionPlan%'"
        op.execute(f"UPDATE outbox SET subject_type = CASE WHEN {plans} THEN 'planChange' ELSE 'order' END")
    op.execute(f"UPDATE {table} SET subject_type = 'order' WHERE subject_type IS NULL AND subject IS NOT NULL")
    with op.batch_alter_table(table) as batch:
        if not nullable:
            batch.alter_column('subject_type', existing_type=KIND, nullable=False, existing_comment='the kind of aggregate')
        if table == 'outbox':
            batch.create_unique_constraint('uq_outbox_subject_sequence', ['subject', 'sequence'])
        if table == 'audit':
            batch.create_index('ix_audit_subject', ['subject'])


def downgrade() -> None:
    raise RuntimeError('restore the backup that was made before the upgrade')
