/** How GraphiQL asks: HTTP with the key of this tab, subscriptions over graphql-transport-ws. */
import { createGraphiQLFetcher, type Fetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";
import { authorization, readKey } from "../access/key";

const ENDPOINT = "/graphql";

export function createFetcher(): Fetcher {
  const streams = createClient({
    url: new URL(ENDPOINT, location.href.replace(/^http/, "ws")).href,
    lazy: true,
    retryAttempts: 5,
    // Read at each connection, so that a new key is used without reloading the page.
    connectionParams: () => authorization(readKey()),
  });
  const ask = createGraphiQLFetcher({ url: ENDPOINT, wsClient: streams });
  return (parameters, options) => ask(parameters, { ...options, headers: headersFor(options?.headers) });
}

/** What the header editor says stands above the key of this tab. */
function headersFor(edited: Record<string, unknown> | undefined): Record<string, unknown> {
  const names = Object.keys(edited ?? {}).map((name) => name.toLowerCase());
  return names.includes("authorization") ? { ...edited } : { ...authorization(readKey()), ...edited };
}
