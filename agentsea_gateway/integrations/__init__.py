"""What fits the gateway into other people's frameworks. Each module is optional, and none is imported from below.

views          what a view answers where nobody served
sse            a stream as server-sent events, for any framework
asgi           a blocking stream iterated by an event loop
opentelemetry  spans and metrics of every call
"""
