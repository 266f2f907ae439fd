/** The real graphql-ws client against our socket: operations, reconnecting, keep-alive, refusals. */
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { headers, key, otherKey, pause, report, url, within } from "./report.mjs";

const connect = (options = {}) =>
  createClient({ url: url.replace("http", "ws"), webSocketImpl: WebSocket, connectionParams: headers, retryAttempts: 0, ...options });
const collect = (client, payload) =>
  within(
    new Promise((resolve) => {
      const values = [];
      client.subscribe(payload, { next: (value) => values.push(value), error: (error) => resolve({ values, error }), complete: () => resolve({ values }) });
    }),
  );
const codeOf = (result) => result.error?.[0]?.extensions?.code;

const client = connect();
let result = await collect(client, { query: "{ hello }" });
report("query", result.values[0]?.data?.hello === "world", result);
result = await collect(client, { query: "subscription { count(to: 3) }" });
report("subscription", result.values.map((value) => value.data.count).join() === "1,2,3", result);
result = await collect(client, { query: "subscription S($to: Int!) { count(to: $to) }", variables: { to: 2 }, operationName: "S" });
report("variables and operation name", result.values.length === 2, result);
result = await collect(client, { query: 'mutation { revokeApiKey(id: "x") { __typename } }' });
report("mutation", result.values[0]?.data?.revokeApiKey?.__typename === "Refusal", result);
for (const [query, code] of [
  ["{", "GRAPHQL_PARSE_FAILED"],
  ["{ nothing }", "GRAPHQL_VALIDATION_FAILED"],
  ["query A { hello } query B { hello }", "OPERATION_RESOLUTION_FAILURE"],
  ["subscription ($to: Int!) { count(to: $to) }", "INVALID_INPUT"],
]) {
  result = await collect(client, { query });
  report(`error message for ${code}`, codeOf(result) === code, result);
}
result = await collect(client, { query: "{ broken hello }" });
report("a masked field error beside data", result.values[0]?.errors?.[0]?.extensions?.code === "INTERNAL" && result.values[0].data.hello === "world", result);
result = await Promise.all(Array.from({ length: 50 }, () => collect(client, { query: "subscription { count(to: 2, seconds: 0.05) }" })));
report("50 subscriptions on one socket", result.every((one) => one.values.length === 2));
let received = 0;
const stop = client.subscribe({ query: "subscription { count(to: 1000, seconds: 0.02) }" }, { next: () => received++, error: () => {}, complete: () => {} });
await pause(400);
stop();
await pause(100);
const before = received;
await pause(300);
report("complete ends a subscription", received === before && received > 1, `${before} then ${received}`);
result = await collect(client, { query: "{ hello }" });
report("the socket outlives its operations", result.values[0]?.data?.hello === "world", result);
await client.dispose();

for (const [name, connectionParams] of [["a wrong key", { authorization: "Bearer nope" }], ["no key", {}], ["a number as key", { authorization: 7 }]]) {
  const refused = connect({ connectionParams });
  result = await collect(refused, { query: "{ hello }" });
  report(`4403 for ${name}`, result.error?.code === 4403, result.error?.code);
  await refused.dispose();
}

let pongs = 0;
const alive = connect({ keepAlive: 100, lazy: false, on: { pong: () => pongs++ } });
await pause(700);
report("pongs for the client's pings", pongs >= 2, pongs);
await alive.dispose();

let values = 0;
let logins = 0;
let open;
const again = connect({
  retryAttempts: 5,
  retryWait: () => pause(20),
  connectionParams: () => ({ authorization: `Bearer ${logins++ === 0 ? key : otherKey}` }),
  on: { opened: (opened) => (open = opened) },
});
const ended = within(
  new Promise((resolve) =>
    again.subscribe(
      { query: "subscription { count(to: 6, seconds: 0.05) }" },
      { next: () => ++values === 2 && open.close(4205, "cut"), error: (error) => resolve(error), complete: () => resolve("complete") },
    ),
  ),
);
result = await ended;
report("a cut socket is opened again and resubscribed", result === "complete" && values === 8 && logins === 2, `${result} ${values} ${logins}`);
await again.dispose();
process.exit(0);
