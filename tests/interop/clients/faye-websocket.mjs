// npm's `faye-websocket`, with the package `permessage-deflate` for compression.

import { Events } from "./driver.mjs";

export async function connect(load, url, deflate, subprotocols) {
  const { Client } = load("faye-websocket");
  const ws = new Client(url, subprotocols, { extensions: deflate ? [load("permessage-deflate")] : [] });
  const events = new Events();
  ws.on("message", ({ data }) => events.add(typeof data === "string" ? "text" : "binary", data));
  ws.on("close", ({ code, reason }) => events.add("close", code, reason));
  await new Promise((resolve) => ws.on("open", resolve).on("close", resolve));
  return {
    events,
    text: (text) => ws.send(text),
    binary: (bytes) => ws.send(bytes),
    async ping(payload) {
      await new Promise((resolve) => ws.ping(payload, resolve));
      return ["pong", payload];
    },
    next: () => events.next(),
    subprotocol: () => ["subprotocol", ws.protocol],
    close: (...reason) => ws.close(...reason),
  };
}
