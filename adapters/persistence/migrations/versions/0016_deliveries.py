"""Deliveries of notifications. Listeners that were registered before get the events from now on."""

import secrets
from base64 import b64encode

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'


def _plain(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length=length).with_variant(sa.String(length=length, collation='C'), 'postgresql')


def upgrade() -> None:
    _widen_listeners()
    _create_tables()
    connection = op.get_bind()
    head = connection.scalar(sa.text('SELECT coalesce(max(number), 0) FROM outbox'))
    duty = "INSERT INTO duties (name, node, beats, milliseconds, cursor) VALUES ('notifications', '', 0, 0, :head)"
    connection.execute(sa.text(duty), {'head': head})
    insert = sa.text(
        'INSERT INTO delivery_status (listener_id, state, reason, addressing, cursor, secret, previous, failures, turn)'
        " VALUES (:listener, 'active', '', 'callback', :head, :secret, '[]', 0, 0)"
    )
    for (listener,) in connection.execute(sa.text('SELECT id FROM listeners')).all():
        secret = 'whsec_' + b64encode(secrets.token_bytes(32)).decode()
        connection.execute(insert, {'listener': listener, 'head': head, 'secret': secret})


def _widen_listeners() -> None:
    for name, comment in (
        ('address', 'of the interface, as the client saw it'),
        ('scopes', 'of the token, with blanks between them'),
    ):
        op.add_column('listeners', sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''"), comment=comment))


def _create_tables() -> None:
    op.create_table(
        'delivery_status',
        sa.Column('listener_id', _plain(36), nullable=False),
        sa.Column('state', sa.String(10), nullable=False, comment='active or paused'),
        sa.Column('reason', sa.Text(), nullable=False, comment='why it is paused'),
        sa.Column('addressing', sa.String(10), nullable=False, comment='callback, or event: an address for each type'),
        sa.Column('cursor', sa.BigInteger(), comment="the last event selected for it; none: it follows the duty's cursor"),
        sa.Column('replay_after', sa.BigInteger(), comment='events after this number are to be sent again'),
        sa.Column('secret', sa.String(100), nullable=False, comment='signs what is sent'),
        sa.Column(
            'previous',
            sa.Text(),
            nullable=False,
            comment='secrets that sign, too, each with its end in milliseconds of the duty, as JSON',
        ),
        sa.Column('failures', sa.Integer(), nullable=False, comment='in a row'),
        sa.Column('failing_since', sa.BigInteger(), comment='milliseconds of the duty; none: the last one succeeded'),
        sa.Column('turn', sa.Integer(), nullable=False, comment='number of changes by its owner'),
        sa.PrimaryKeyConstraint('listener_id', name='pk_delivery_status'),
        comment='how each listener is delivered to',
    )
    op.create_table(
        'deliveries',
        sa.Column('listener_id', _plain(36), nullable=False),
        sa.Column('number', sa.BigInteger(), nullable=False, comment='of the event'),
        sa.Column('subject', _plain(36), nullable=False, comment='of the event: its deliveries go out in order'),
        sa.Column('event_id', sa.String(60), nullable=False),
        sa.Column('event_type', sa.String(80), nullable=False, comment='as the listener is told'),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('due', sa.BigInteger(), nullable=False, comment='milliseconds of the duty'),
        sa.Column('problem', sa.Text(), nullable=False, comment='of the last try; empty for none'),
        sa.Column('dead', sa.Boolean(), nullable=False, comment='it is not tried again by itself'),
        sa.PrimaryKeyConstraint('listener_id', 'number', name='pk_deliveries'),
        comment='notifications that wait, and dead letters; delivered ones are in delivery_attempts only',
    )
    position = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
    op.create_table(
        'delivery_attempts',
        sa.Column('position', position, autoincrement=True, nullable=False),
        sa.Column('listener_id', _plain(36), nullable=False),
        sa.Column('number', sa.BigInteger(), nullable=False, comment='of the event'),
        sa.Column('event_id', sa.String(60), nullable=False),
        sa.Column('event_type', sa.String(80), nullable=False),
        sa.Column('address', sa.Text(), nullable=False),
        sa.Column('at', _plain(27), nullable=False),
        sa.Column('status', sa.Integer(), comment='of the answer; none without one'),
        sa.Column('problem', sa.Text(), nullable=False),
        sa.Column('answer', sa.Text(), nullable=False, comment='its beginning'),
        sa.Column('milliseconds', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('position', name='pk_delivery_attempts'),
        comment='the delivery log',
    )
    op.create_index('ix_delivery_attempts_at', 'delivery_attempts', ['at'])
    op.create_index('ix_delivery_attempts_listener_id_position', 'delivery_attempts', ['listener_id', 'position'])
    op.create_table(
        'duties',
        sa.Column('name', sa.String(40), nullable=False),
        sa.Column('node', _plain(36), nullable=False, comment='the node that has it; empty for none'),
        sa.Column('beats', sa.Integer(), nullable=False, comment='goes on while that node lives'),
        sa.Column('milliseconds', sa.BigInteger(), nullable=False, comment='for which nodes have had it, all together'),
        sa.Column('cursor', sa.BigInteger(), nullable=False, comment='the last event that was taken up'),
        sa.PrimaryKeyConstraint('name', name='pk_duties'),
        comment='work that one node at a time does',
    )


def downgrade() -> None:
    raise RuntimeError('restore the backup that was made before the upgrade')
