"""What each fault is, in words."""

from __future__ import annotations

# What a fault is, of a plain answer and of a stream.
SAID: dict[str, tuple[str, str]] = {
    "drip": ("the body comes a byte at a time", "its first events come a byte at a time"),
    "drip the head": ("the head comes a byte at a time", "the head comes a byte at a time"),
    "drip later": (
        "half of the body comes at once, the rest a byte at a time",
        "half of it comes at once, the next event a byte at a time",
    ),
    "pings only": (
        "nothing but keep-alive white space, then the answer",
        "nothing but keep-alive comments, then the answer",
    ),
    "pings later": (
        "(watched) half of the stream, then nothing but keep-alive comments",
        "half of it comes, then nothing but keep-alive comments",
    ),
    "stall before the head": ("the request is taken, then silence", "the request is taken, then silence"),
    "stall in the body": ("half of the body comes, then silence", "half of it comes, then silence"),
    "no finish": ("the JSON just ends, and its length is right", "it just ends, politely, without its finish"),
    "cut": ("the connection is closed in the middle of the body", "the connection is closed in the middle of it"),
    "400": ("400", "400"),
    "429": ("429 with `Retry-After: 30`", "429 with `Retry-After: 30`"),
    "500": ("500", "500"),
    "html": ("200 with a web page", "200 with a web page"),
    "error in 200": ("200 with an error object", "200, and an error object as the first event"),
    "rst": ("the request is answered with a reset", "the request is answered with a reset"),
    "close": ("the request is answered with a close", "the request is answered with a close"),
}
