/** What went wrong with a question, told apart by what the reader can do about it. */
import type { CombinedError } from "urql";

export type Problem =
  | { readonly kind: "signed-out"; readonly message: string }
  | { readonly kind: "forbidden"; readonly message: string }
  | { readonly kind: "busy"; readonly message: string }
  | { readonly kind: "unreachable"; readonly message: string }
  | { readonly kind: "failed"; readonly message: string; readonly requestId?: string };

export function describeProblem(error: CombinedError): Problem {
  const first = error.graphQLErrors[0];
  const code = String(first?.extensions["code"] ?? "");
  const status = statusOf(error.response);
  const message = first?.message ?? error.networkError?.message ?? error.message;
  if (status === 401 || code === "UNAUTHENTICATED") return { kind: "signed-out", message };
  if (status === 403 || code === "FORBIDDEN") return { kind: "forbidden", message };
  if (status === 429 || code === "LIMIT_REACHED" || code === "UNAVAILABLE") return { kind: "busy", message };
  if (!first && status === undefined) return { kind: "unreachable", message: `No answer from ${location.host}.` };
  const requestId = first?.extensions["requestId"];
  return { kind: "failed", message, ...(typeof requestId === "string" ? { requestId } : {}) };
}

function statusOf(response: unknown): number | undefined {
  return response instanceof Response ? response.status : undefined;
}
