/** What stands in the page's place, or above it, when there are no figures to show. */
import { useRef, useState } from "react";
import { signOut } from "../access/key";
import type { Problem } from "../api/problem";

export function NoPermission({ message }: { message: string }) {
  return (
    <section className="state" aria-labelledby="no-permission">
      <h2 id="no-permission">This key may not see figures</h2>
      <p>{message}</p>
      <p className="muted">
        The Live page needs the scope <code>metrics:read</code>. Ask whoever made the key for one that has it.
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

export function FirstEvent() {
  const [copied, setCopied] = useState<string>();
  const place = useRef<HTMLPreElement>(null);
  const [command] = useState(firstEventCommand);
  async function copy() {
    setCopied(await copyText(command, place.current));
  }
  return (
    <section className="state" aria-labelledby="first-event">
      <h2 id="first-event">Send your first event</h2>
      <p>
        This workspace has no conversations yet. Run this in a terminal, with a key that has the scope{" "}
        <code>events:write</code>; this page lights up within seconds.
      </p>
      <pre ref={place} tabIndex={0} aria-label="Command that sends the first event">
        <code>{command}</code>
      </pre>
      <div className="state-actions">
        <button type="button" className="primary" onClick={() => void copy()}>
          Copy the command
        </button>
        <span role="status" className="muted">
          {copied ?? "Waiting for the first event…"}
        </span>
      </div>
    </section>
  );
}

function firstEventCommand(): string {
  const event = {
    type: "message",
    eventId: randomId(),
    occurredAt: new Date().toISOString(),
    chatbotId: "my-first-bot",
    sessionId: "session-1",
    visitorId: "visitor-1",
    role: "USER",
    text: "Hello!",
  };
  return [
    `curl -X POST ${location.origin}/v1/events \\`,
    `  -H "Authorization: Bearer $PARLANCE_KEY" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '${JSON.stringify([event], null, 2)}'`,
  ].join("\n");
}

/** `crypto.randomUUID` is missing where the page comes over plain HTTP from another machine. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The clipboard is missing there too: then the text is selected, ready for Ctrl-C. */
async function copyText(text: string, place: HTMLElement | null): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied.";
  } catch {
    if (place) getSelection()?.selectAllChildren(place);
    return "Selected: press Ctrl-C to copy.";
  }
}
