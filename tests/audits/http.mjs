/** The audits of graphql-http: GraphQL over HTTP as its working group tests it. */
import { serverAudits } from "graphql-http";
import { headers, report, url } from "./report.mjs";

const fetchFn = (address, options = {}) =>
  fetch(address, { ...options, headers: { ...options.headers, ...headers } });

for (const audit of serverAudits({ url, fetchFn })) {
  const result = await audit.fn();
  report(`${audit.id} ${audit.name}`, result.status === "ok", result.reason ?? result.status);
}
