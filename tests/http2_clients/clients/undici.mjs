// undici over HTTP/2: reads a step in a line of JSON, does it, and prints what it saw in a line of JSON.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const modules = createRequire(`${process.env.MODULES}/`);
const { Agent, WebSocket, request } = modules("undici");
const { version } = modules("undici/package.json");

const [base, authority] = process.argv.slice(2);
const dispatcher = new Agent({ allowH2: true, connections: 1, connect: { ca: readFileSync(authority) } });

async function one({ method, path, headers = [], size, text, te }) {
  const answer = await request(base + path, {
    dispatcher,
    method,
    headers: [...headers, ...(te ? [["te", "trailers"]] : [])].flat(),
    body: size === undefined ? text : Buffer.alloc(size, "b"),
  });
  const body = await answer.body.text();
  return { status: answer.statusCode, fields: answer.headers, body, trailers: answer.trailers };
}

const websocket = ({ path, websocket: messages }) =>
  new Promise((resolve) => {
    const seen = [];
    const socket = new WebSocket(base.replace("http", "ws") + path, { dispatcher });
    socket.onopen = () => messages.forEach((message) => socket.send(message));
    socket.onmessage = ({ data }) => {
      seen.push(data);
      if (seen.length === messages.length) resolve({ messages: seen });
    };
    socket.onerror = ({ error }) => resolve({ error: String(error), messages: seen });
  });

async function act(step) {
  if ("sends_trailers" in step) return { cannot: "sends_trailers" };
  if ("websocket" in step) return websocket(step);
  if (!("many" in step)) return one(step);
  const answers = await Promise.all(Array.from({ length: step.many }, () => one(step)));
  return { statuses: [...new Set(answers.map((answer) => answer.status))], count: answers.length };
}

console.log(JSON.stringify({ version }));
for await (const line of createInterface({ input: process.stdin })) {
  const seen = await act(JSON.parse(line)).catch((error) => ({ error: String(error) }));
  console.log(JSON.stringify(seen));
}
process.exit(0);
