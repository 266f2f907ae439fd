/** Real clients: urql, Apollo Client and graphql-sse, over POST, GET, persisted queries, WebSocket and event streams. */
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client/core/index.js";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries/index.js";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions/index.js";
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { createClient as createStream } from "graphql-sse";
import { createClient as createSocket } from "graphql-ws";
import WebSocket from "ws";
import { headers, report, url, within } from "./report.mjs";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const COUNT = "subscription { count(to: 3) }";
const PAGE = "query ($first: Int!, $after: String) { apiKeys(first: $first, after: $after) { nodes { id } pageInfo { endCursor hasNextPage } } }";
const socket = createSocket({ url: url.replace("http", "ws"), webSocketImpl: WebSocket, connectionParams: headers });

const stream = createStream({ url, headers, singleConnection: false, retryAttempts: 0 });
const streamed = (query) =>
  within(
    new Promise((resolve) => {
      const values = [];
      stream.subscribe(
        { query },
        { next: (value) => values.push(value), error: (error) => resolve({ values, error: String(error) }), complete: () => resolve({ values }) },
      );
    }),
  );
let result = await streamed(COUNT);
report("graphql-sse: subscription", result.values?.map((value) => value.data.count).join() === "1,2,3", result);
result = await streamed("subscription { count(to: 3, seconds: 0.3) }");
report("graphql-sse: slow subscription", result.values?.length === 3, result);
result = await streamed("{ hello }");
report("graphql-sse: query", result.values?.[0]?.data?.hello === "world", result);
result = await streamed("{ nothing }");
report("graphql-sse: wrong document", result.error || result.values?.[0]?.errors, result);

const urql = new Client({ url, exchanges: [fetchExchange], fetchOptions: { headers }, fetchSubscriptions: true, preferGetMethod: false });
const first = (client, query, variables = {}, options = {}) => within(client.query(query, variables, options).toPromise());
const counted = (client) =>
  within(
    new Promise((resolve) => {
      const values = [];
      client.subscription(COUNT, {}).subscribe((answer) => {
        values.push(answer.data?.count);
        if (values.length === 3) resolve(values.join());
      });
    }),
  );
result = await first(urql, "{ hello }");
report("urql: query", result.data?.hello === "world", result.error);
result = await first(urql, PAGE, { first: 1 });
report("urql: first page", result.data?.apiKeys.pageInfo.hasNextPage, result.error);
result = await first(urql, PAGE, { first: 1, after: result.data?.apiKeys.pageInfo.endCursor });
report("urql: next page", result.data?.apiKeys.nodes.length === 1 && !result.data.apiKeys.pageInfo.hasNextPage, result.error);
result = await first(urql, "{ nothing }");
report("urql: wrong document", result.error?.graphQLErrors?.[0]?.extensions?.code === "GRAPHQL_VALIDATION_FAILED", result.error);
result = await counted(urql);
report("urql: subscription by event stream", result === "1,2,3", result);
const getting = new Client({ url, exchanges: [fetchExchange], fetchOptions: { headers }, preferGetMethod: true });
result = await first(getting, "{ hello }");
report("urql: query by GET", result.data?.hello === "world", result.error);
const persisting = new Client({ url, exchanges: [persistedExchange({ preferGetForPersistedQueries: true }), fetchExchange], fetchOptions: { headers } });
for (const time of ["first", "second"]) {
  result = await first(persisting, "query Urql { hello }", {}, { requestPolicy: "network-only" });
  report(`urql: persisted query, ${time} time`, result.data?.hello === "world", result.error);
}
const forwarding = new Client({
  url,
  exchanges: [subscriptionExchange({ forwardSubscription: (request) => ({ subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...request, query: request.query ?? "" }, sink) }) }) }), fetchExchange],
});
result = await counted(forwarding);
report("urql: subscription by WebSocket", result === "1,2,3", result);

const http = new HttpLink({ uri: url, headers });
const apolloWith = (link) => new ApolloClient({ cache: new InMemoryCache(), link });
const asked = (client, query, options = {}) => within(client.query({ query, fetchPolicy: "network-only", ...options }).catch((error) => ({ error })));
const apollo = apolloWith(http);
result = await asked(apollo, gql`{ hello }`);
report("apollo: query", result.data?.hello === "world", result.error);
result = await asked(apollo, gql(PAGE), { variables: { first: 2 } });
report("apollo: page", result.data?.apiKeys.nodes.length === 2, result.error);
result = await asked(apollo, gql`{ nothing }`);
report("apollo: wrong document", result.error?.errors?.[0]?.extensions?.code === "GRAPHQL_VALIDATION_FAILED", String(result.error));
result = await within(apollo.mutate({ mutation: gql`mutation { revokeApiKey(id: "x") { ... on Refusal { problems { code } } } }` }).catch((error) => ({ error })));
report("apollo: mutation", result.data?.revokeApiKey.problems[0].code === "INVALID_INPUT", result.error);
for (const useGETForHashedQueries of [false, true]) {
  const client = apolloWith(ApolloLink.from([new PersistedQueryLink({ sha256, useGETForHashedQueries }), http]));
  for (const time of ["first", "second"]) {
    result = await asked(client, useGETForHashedQueries ? gql`query ApolloByGet { hello }` : gql`query ApolloByPost { hello }`);
    report(`apollo: persisted query by ${useGETForHashedQueries ? "GET" : "POST"}, ${time} time`, result.data?.hello === "world", result.error);
  }
}
result = await within(
  new Promise((resolve) => {
    const values = [];
    apolloWith(new GraphQLWsLink(socket))
      .subscribe({ query: gql(COUNT) })
      .subscribe({ next: (answer) => values.push(answer.data.count), complete: () => resolve(values.join()), error: resolve });
  }),
);
report("apollo: subscription by WebSocket", result === "1,2,3", result);
process.exit(0);
