/** What stands in the page's place in a workspace that has no conversations yet. */
import { useRef, useState } from "react";

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
