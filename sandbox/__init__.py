"""Stand-ins for Meta, Twilio and OpenAI over HTTP, and a page on which you are the customer."""
