/** The sign-in form: one key, checked by the server at the first question. */
import { useId, useState, type FormEvent } from "react";
import { Wordmark } from "../design/wordmark";
import { readRefusal, signIn } from "./key";
import "./sign-in.css";

/** `parl_`, the workspace, `_`, the secret. Other credentials (browser tokens) have no fixed length. */
const KEY_START = "parl_";
const KEY_CHARACTERS = 71;

export function SignIn({ purpose }: { purpose: string }) {
  const [key, setKey] = useState("");
  const [shown, setShown] = useState(false);
  const [problem, setProblem] = useState(readRefusal);
  const id = useId();

  function submit(event: FormEvent) {
    event.preventDefault();
    const found = problemWith(key.trim());
    setProblem(found);
    if (!found) signIn(key.trim());
  }

  return (
    <main className="sign-in">
      <form className="sign-in-panel" onSubmit={submit} noValidate>
        <Wordmark />
        <h1>Sign in</h1>
        <p className="muted">{purpose}</p>
        <label htmlFor={id}>API key</label>
        <div className="sign-in-key">
          <input
            id={id}
            type={shown ? "text" : "password"}
            value={key}
            onChange={(event) => setKey(event.target.value)}
            autoComplete="current-password"
            autoCapitalize="off"
            spellCheck={false}
            placeholder="parl_…"
            aria-invalid={problem ? true : undefined}
            aria-describedby={problem ? `${id}-problem ${id}-hint` : `${id}-hint`}
            autoFocus
          />
          <button type="button" className="quiet" aria-pressed={shown} onClick={() => setShown(!shown)}>
            {shown ? "Hide" : "Show"}
          </button>
        </div>
        {problem && (
          <p className="problem" id={`${id}-problem`} role="alert">
            {problem}
          </p>
        )}
        <button type="submit" className="primary">
          Sign in
        </button>
        <p className="muted small" id={`${id}-hint`}>
          The key stays in this browser tab and is forgotten when you close it. <code>python3 dev.py run</code> prints
          one for the demo workspace; <code>python3 dev.py run keys</code> makes others.
        </p>
      </form>
    </main>
  );
}

function problemWith(key: string): string | null {
  if (!key) return "Enter an API key. It starts with parl_.";
  if (/\s/.test(key)) return "A key has no spaces or line breaks; check what was copied.";
  if (!key.startsWith(KEY_START) || key.length === KEY_CHARACTERS) return null;
  return `This key has ${key.length} of ${KEY_CHARACTERS} characters; check that none is cut off.`;
}
