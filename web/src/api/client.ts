/** The one urql client: public GraphQL API, key of this tab, a deadline for every question, no cache. */
import { Client, fetchExchange } from "urql";
import { authorization } from "../access/key";

const DEADLINE_MS = 20_000;

export function createApiClient(key: string): Client {
  return new Client({
    url: "/graphql",
    exchanges: [fetchExchange],
    preferGetMethod: false,
    requestPolicy: "network-only",
    fetch: fetchWithDeadline,
    fetchOptions: { headers: authorization(key), cache: "no-store", credentials: "omit" },
  });
}

function fetchWithDeadline(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const signal = init?.signal ? AbortSignal.any([init.signal, deadline]) : deadline;
  return fetch(input, { ...init, signal });
}
