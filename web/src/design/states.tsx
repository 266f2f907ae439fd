/** What stands in the page's place, or above it, when there are no figures to show. */
import { signOut } from "../access/key";
import type { Problem } from "../api/problem";

export function NoPermission({ message }: { message: string }) {
  return (
    <section className="state" aria-labelledby="no-permission">
      <h2 id="no-permission">This key may not see figures</h2>
      <p>{message}</p>
      <p className="muted">
        This page needs the scope <code>metrics:read</code>. Ask whoever made the key for one that has it.
      </p>
      <button type="button" className="primary" onClick={() => signOut()}>
        Use another key
      </button>
    </section>
  );
}

/** Above the page while the last figures stay in view, or alone when there are none yet. */
export function Trouble({ problem, stale }: { problem: Problem; stale: boolean }) {
  return (
    <div className="trouble" role="alert">
      <strong>{TITLES[problem.kind]}</strong>
      <p>
        {problem.message} {stale ? "The figures below are the last that arrived." : ""} Trying again by itself, with
        growing pauses of at most a minute.
      </p>
      {problem.kind === "failed" && problem.requestId && (
        <p className="small">
          Request id for the server's log: <code>{problem.requestId}</code>
        </p>
      )}
    </div>
  );
}

const TITLES: Record<Problem["kind"], string> = {
  "signed-out": "The key is no longer accepted",
  forbidden: "This key may not see figures",
  busy: "The server asks for a pause",
  unreachable: "The server cannot be reached",
  failed: "The figures could not be read",
};
