/** The part of the address behind the question mark, as a place to keep what the reader chose. */
const CHANGED = "parlance:address";

export function writeAddress(parameters: URLSearchParams): void {
  const search = parameters.size > 0 ? `?${parameters}` : "";
  history.pushState(null, "", location.pathname + search);
  window.dispatchEvent(new Event(CHANGED));
}

export function subscribeToAddress(listener: () => void): () => void {
  const events = ["popstate", CHANGED];
  for (const name of events) window.addEventListener(name, listener);
  return () => {
    for (const name of events) window.removeEventListener(name, listener);
  };
}

export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
