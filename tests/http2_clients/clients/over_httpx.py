"""httpx over HTTP/2: reads a step in a line of JSON, does it, and prints what it saw in a line of JSON."""

import asyncio
import importlib.metadata
import json
import ssl
import sys

import httpx


async def one(client, step):
    headers = [tuple(field) for field in step.get("headers", [])]
    content = b"b" * step["size"] if "size" in step else step.get("text")
    async with client.stream(step["method"], step["path"], headers=headers, content=content) as answer:
        body = await answer.aread()
        return {
            "version": answer.http_version,
            "status": answer.status_code,
            "fields": dict(answer.headers),
            "body": body.decode(),
        }


async def do(client, step):
    if "sends_trailers" in step:
        return {"cannot": "sends_trailers"}
    if "te" in step:
        return {"cannot": "te"}
    if "websocket" in step:
        return {"cannot": "websocket"}
    if "many" in step:
        answers = await asyncio.gather(*(one(client, step) for _ in range(step["many"])))
        return {"statuses": sorted({answer["status"] for answer in answers}), "count": len(answers)}
    return await one(client, step)


async def main():
    base, authority = sys.argv[1:3]
    verify = ssl.create_default_context(cafile=authority)
    limits = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(
        base_url=base, http1=False, http2=True, verify=verify, timeout=60, limits=limits, trust_env=False
    ) as client:
        print(json.dumps({"version": importlib.metadata.version("httpx")}), flush=True)
        lines = asyncio.get_running_loop()
        while line := await lines.run_in_executor(None, sys.stdin.readline):
            try:
                seen = await do(client, json.loads(line))
            except Exception as error:
                seen = {"error": repr(error)}
            print(json.dumps(seen), flush=True)


asyncio.run(main())
