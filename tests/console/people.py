"""The former place of what tests.factories has now."""

from tests.factories import PASSWORD as PASSWORD
from tests.factories import Person as Person
from tests.factories import conversation as conversation
from tests.factories import failed_message as failed_message
from tests.factories import person as person
from tests.factories import says as says
from tests.support.database import replies as replies
from tests.support.database import state_of as state_of
