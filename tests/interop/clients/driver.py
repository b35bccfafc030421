"""Drives the Python client that is named: `driver.py NAME` reads a session in a line of JSON, plays it with the module
NAME.py of this folder, and prints in a line what was seen, until there are no more lines.

A module has a `VERSION` and `async def connect(url, deflate, subprotocols)`, which gives an object with an `async` method
for each step that its client is able to do: `text(str)`, `binary(bytes)`, `fragments(list of str)`, `ping(str)`, `close(code,
reason)`, `close()`, `next()`, `subprotocol()`, `leave()` for the end. What a method returns was seen.
"""

import asyncio
import base64
import json
import runpy
import sys


class Refused(Exception):
    """The server answered with another status than 101."""

    def __init__(self, status, body=None):
        self.seen = ["refused", status, body.decode() if isinstance(body, (bytes, bytearray)) else body]


class Cannot(Exception):
    """The client has no means for this."""


def decoded(step):
    verb, *arguments = step
    return (verb, [base64.b64decode(arguments[0])]) if verb == "binary" else (verb, arguments)


def encoded(event):
    kind, *values = event
    if kind == "binary":
        return [kind, base64.b64encode(values[0]).decode()]
    return [kind, *(value.decode() if isinstance(value, (bytes, bytearray)) else value for value in values)]


async def play(connect, session, seen):
    try:
        ws = await connect(session["url"], session["deflate"], session["subprotocols"])
        for verb, arguments in map(decoded, session["steps"]):
            step = getattr(ws, verb, None)
            if step is None:
                raise Cannot(verb)
            event = await step(*arguments)
            if event is not None:
                seen.append(encoded(event))
        await ws.leave()
    except Refused as refused:
        seen.append(refused.seen)
    except Cannot as cannot:
        seen.append(["cannot", str(cannot)])
    except Exception as error:
        seen.append(["error", f"{type(error).__name__}: {error}"])


async def main():
    # A module here is named like the package that it drives.
    folder = sys.path.pop(0)
    sys.modules["driver"] = sys.modules["__main__"]
    client = runpy.run_path(f"{folder}/{sys.argv[1]}.py")
    print(json.dumps({"version": client["VERSION"]}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        seen = []
        try:
            await asyncio.wait_for(play(client["connect"], json.loads(line), seen), 30)
        except asyncio.TimeoutError:
            seen.append(["silent"])
        print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
