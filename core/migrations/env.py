from alembic import context
from sqlalchemy import create_engine, text

from core.migrations import LOCK_TIMEOUT
from core.models import Base

engine = create_engine(context.config.attributes["url"])
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        connection.execute(text(LOCK_TIMEOUT))
        context.run_migrations()
engine.dispose()
