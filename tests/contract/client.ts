// A client of the shop whose types are made of its description: it calls every operation once, and says which.

import createClient from "openapi-fetch";
import type { components, operations, paths } from "./shop.js";

declare const process: { argv: string[] };

const called = new Set<string>();
let cookie = "";

const client = createClient<paths>({ baseUrl: process.argv[2], headers: { authorization: "Bearer t0ken" } });
client.use({
  onRequest({ request, schemaPath }) {
    called.add(`${request.method.toLowerCase()} ${schemaPath}`);
    if (cookie) request.headers.set("cookie", cookie);
  },
  onResponse({ response }) {
    cookie = response.headers.get("set-cookie")?.split(";")[0] ?? cookie;
  },
});

function same(what: string, found: unknown, expected: unknown) {
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw new Error(`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
  }
}

const offer: components["schemas"]["Offer"] = { name: "mug", kind: "ware", price: 900 };

const added = await client.POST("/articles", { body: offer });
same("added", added.data, { number: 3, ...offer });
const number: number = added.data!.number;
const again = await client.POST("/articles", { body: offer });
same("there already", [again.response.status, again.error !== undefined], [409, true]);

const path = { number };
const listed = await client.GET("/articles", { params: { query: { kind: ["ware"], size: 1, page: 2 } } });
same("listed", listed.data, { articles: [{ number: 3, ...offer }], total: 2 });
const shown = await client.GET("/articles/{number}", { params: { path } });
same("shown", shown.data?.note, undefined);
const missing = await client.GET("/articles/{number}", { params: { path: { number: 99 } } });
same("missing", missing.error, { sorry: "there is no article 99", look_at: "/articles" });
const changed = await client.PUT("/articles/{number}", { params: { path }, body: { ...offer, note: "blue" } });
same("changed", changed.data?.note, "blue");

const stored = await client.PUT("/articles/{number}/picture", {
  params: { path },
  body: { picture: "pixels" },
  bodySerializer(body) {
    const form = new FormData();
    form.append("picture", new Blob([body.picture], { type: "image/png" }), "mug.png");
    return form;
  },
});
same("stored", stored.data, { bytes: 6, kind: "image/png" });
const picture = await client.GET("/articles/{number}/picture", { params: { path }, parseAs: "text" });
same("picture", picture.data, "pixels");

const line: operations["put_in"]["requestBody"]["content"]["application/x-www-form-urlencoded"] = { article: 1, pieces: 2 };
const filled = await client.POST("/basket", {
  body: line,
  headers: { "content-type": "application/x-www-form-urlencoded" },
});
same("put in", filled.data, { lines: [line], sum: 900 });
same("basket", (await client.GET("/basket")).data?.sum, 900);
same("emptied", (await client.DELETE("/basket")).response.status, 204);

const clerk: string | undefined = (await client.GET("/clerk")).data?.name;
same("clerk", clerk, "ann");
const news = await client.GET("/news", { params: { query: { count: 1 } }, parseAs: "text" });
same("news", news.data, 'data: {"number":1,"name":"green tea","kind":"tea","price":450}\nevent: article\n\n');
same("removed", (await client.DELETE("/articles/{number}", { params: { path } })).response.status, 204);

// What the description does not have does not compile.
async function wrong() {
  // @ts-expect-error: no such path
  await client.GET("/article");
  // @ts-expect-error: no such method
  await client.PATCH("/articles", { body: offer });
  // @ts-expect-error: no such kind
  await client.GET("/articles", { params: { query: { kind: ["coffee"] } } });
  // @ts-expect-error: the price is missing
  await client.POST("/articles", { body: { name: "mug", kind: "ware" } });
  // @ts-expect-error: the number is none
  await client.GET("/articles/{number}", { params: { path: { number: "one" } } });
  // @ts-expect-error: a page has no such member
  (await client.GET("/articles")).data?.items;
}
void wrong;

console.log([...called].sort().join("\n"));
