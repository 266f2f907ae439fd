/** Asks a question again and again while the page is in view, slower while it fails. */
import { useEffect, useState } from "react";
import { useClient, type Client, type TypedDocumentNode } from "urql";
import { signOut } from "../access/key";
import { describeProblem, type Problem } from "./problem";

const LONGEST_PAUSE_S = 60;

export type Polled<Data> = {
  /** The latest answer to exactly these variables; kept while later attempts fail. */
  readonly data: Data | undefined;
  readonly problem: Problem | undefined;
};

type State<Data> = Polled<Data> & { readonly subject: string };
type Answer<Data> = { readonly data: Data } | { readonly problem: Problem };

/** `pause` says in seconds when to ask again; it must be one and the same function at every rendering. */
export function usePolled<Data, Variables extends object>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  pause: (latest: Data | undefined) => number,
): Polled<Data> {
  const client = useClient();
  const subject = JSON.stringify(variables);
  const [state, setState] = useState<State<Data>>();

  useEffect(() => {
    const ask = () => askOnce(client, document, JSON.parse(subject) as Variables);
    return poll(ask, pause, (answer) => setState((before) => merge(before, subject, answer)));
  }, [client, document, subject, pause]);

  return state?.subject === subject ? state : { data: undefined, problem: undefined };
}

async function askOnce<Data, Variables extends object>(
  client: Client,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Answer<Data>> {
  const result = await client.query(document, variables).toPromise();
  if (result.error) return { problem: describeProblem(result.error) };
  if (result.data) return { data: result.data };
  return { problem: { kind: "failed", message: "The server sent neither data nor an error." } };
}

type Ask<Data> = () => Promise<Answer<Data>>;
type Pause<Data> = (latest: Data | undefined) => number;

/** Runs `ask` now and after each pause; returns the way to stop. A hidden page asks nothing. */
function poll<Data>(ask: Ask<Data>, pause: Pause<Data>, tell: (answer: Answer<Data>) => void): () => void {
  // Each start makes a round of its own; an answer of an earlier round is dropped and goes on with nothing.
  let round = 0;
  let failures = 0;
  let latest: Data | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function turn(mine: number): Promise<void> {
    const answer = await ask();
    if (mine !== round) return;
    tell(answer);
    if ("data" in answer) {
      latest = answer.data;
      failures = 0;
    } else {
      failures += 1;
      if (answer.problem.kind === "signed-out") return signOut(answer.problem.message);
    }
    timer = setTimeout(() => void turn(mine), Math.min(LONGEST_PAUSE_S, pause(latest) * 2 ** failures) * 1000);
  }

  function restart(): void {
    clearTimeout(timer);
    round += 1;
    if (!document.hidden) void turn(round);
  }

  document.addEventListener("visibilitychange", restart);
  restart();
  return () => {
    round += 1;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", restart);
  };
}

function merge<Data>(before: State<Data> | undefined, subject: string, answer: Answer<Data>): State<Data> {
  if ("data" in answer) return { subject, data: answer.data, problem: undefined };
  return { subject, data: before?.subject === subject ? before.data : undefined, problem: answer.problem };
}
