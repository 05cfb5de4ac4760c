"""What a notebook shows of a response, a route, an error and health: HTML and Markdown, loaded when one asks.

Everything that came from outside (answers, names, messages of providers) is escaped: it is looked at, never run, and an
answer's own Markdown is shown as it is written, because an image in it would fetch what it likes.
"""
