// Node's own http2: reads a step in a line of JSON, does it, and prints what it saw in a line of JSON.

import { readFileSync } from "node:fs";
import { connect } from "node:http2";
import { createInterface } from "node:readline";

const [base, authority] = process.argv.slice(2);

function begun() {
  const session = connect(base, { ca: readFileSync(authority) });
  session.on("error", () => {});
  return session;
}

let session = begun();

function fieldsOf(list) {
  const fields = {};
  for (const [name, value] of list) {
    fields[name.toLowerCase()] = name.toLowerCase() in fields ? [fields[name], value].flat() : value;
  }
  return fields;
}

const one = (step) =>
  new Promise((resolve, reject) => {
    const body = "size" in step ? Buffer.alloc(step.size, "b") : step.text;
    const head = { ...fieldsOf(step.headers ?? []), ":method": step.method, ":path": step.path };
    if (step.te) head.te = "trailers";
    const waitForTrailers = "sends_trailers" in step;
    const stream = session.request(head, { endStream: body === undefined && !waitForTrailers, waitForTrailers });
    const seen = { version: session.alpnProtocol, body: "" };
    stream.setEncoding("utf8");
    stream.on("wantTrailers", () => stream.sendTrailers(step.sends_trailers));
    stream.on("response", ({ ":status": status, ...fields }) => Object.assign(seen, { status, fields: { ...fields } }));
    stream.on("data", (piece) => (seen.body += piece));
    stream.on("trailers", (trailers) => (seen.trailers = { ...trailers }));
    stream.on("error", reject);
    stream.on("close", () => ("status" in seen ? resolve(seen) : reject(new Error(`closed: ${stream.rstCode}`))));
    if (body !== undefined || waitForTrailers) stream.end(body ?? "");
  });

async function act(step) {
  if ("websocket" in step) return { cannot: "websocket" };
  if (!("many" in step)) return one(step);
  const answers = await Promise.all(Array.from({ length: step.many }, () => one(step)));
  return { statuses: [...new Set(answers.map((answer) => answer.status))], count: answers.length };
}

console.log(JSON.stringify({ version: process.versions.node.split(".")[0] }));
for await (const line of createInterface({ input: process.stdin })) {
  const seen = await act(JSON.parse(line)).catch((error) => ({ error: String(error) }));
  // What has failed may have ended it.
  if ("error" in seen && (session.closed || session.destroyed)) session = begun();
  console.log(JSON.stringify(seen));
}
session.close();
