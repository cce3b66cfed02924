"""The former place of what tests.support.provider_bodies has now."""

from tests.support.provider_bodies import meta_body as meta_body
from tests.support.provider_bodies import meta_json as meta_json
from tests.support.provider_bodies import post_meta as post_meta
from tests.support.provider_bodies import post_twilio as post_twilio
from tests.support.provider_bodies import text_value as text_value
