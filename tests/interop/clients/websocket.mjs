// npm's `websocket`, by its `client`.

import { Cannot, Events, Refused, read } from "./driver.mjs";

export async function connect(load, url, deflate, subprotocols) {
  if (deflate) throw new Cannot("deflate");
  const client = new (load("websocket").client)();
  const events = new Events();
  const ws = await new Promise((resolve, reject) => {
    client.on("connect", (ws) => {
      // At once: what came with the 101 comes next.
      ws.on("message", ({ type, utf8Data, binaryData }) =>
        type === "utf8" ? events.add("text", utf8Data) : events.add("binary", binaryData));
      ws.on("pong", (payload) => events.add("pong", payload));
      ws.on("close", (code, reason) => events.add("close", code, reason));
      resolve(ws);
    });
    client.on("connectFailed", reject);
    client.on("httpResponse", async (answer) => reject(new Refused(answer.statusCode, String(await read(answer)))));
    client.connect(url, subprotocols);
  });
  return {
    events,
    text: (text) => ws.sendUTF(text),
    binary: (bytes) => ws.sendBytes(bytes),
    fragments(pieces) {
      // It cuts by size.
      ws.config.fragmentationThreshold = pieces[0].length;
      ws.sendUTF(pieces.join(""));
    },
    ping(payload) {
      ws.ping(payload);
      return events.next();
    },
    next: () => events.next(),
    subprotocol: () => ["subprotocol", ws.protocol],
    close: (...reason) => ws.close(...reason),
  };
}
