/** Where the API key of this tab is kept: sessionStorage, so it ends with the tab and never reaches disk. */
import { useSyncExternalStore } from "react";

const STORAGE_NAME = "parlance.key";
const REFUSAL_NAME = "parlance.refusal";
const listeners = new Set<() => void>();

export function readKey(): string | null {
  return sessionStorage.getItem(STORAGE_NAME);
}

export function readRefusal(): string | null {
  return sessionStorage.getItem(REFUSAL_NAME);
}

export function signIn(key: string): void {
  sessionStorage.setItem(STORAGE_NAME, key);
  sessionStorage.removeItem(REFUSAL_NAME);
  announce();
}

/** Forgets the key; `refusal` is what the sign-in form then says about it. */
export function signOut(refusal?: string): void {
  sessionStorage.removeItem(STORAGE_NAME);
  if (refusal) sessionStorage.setItem(REFUSAL_NAME, refusal);
  else sessionStorage.removeItem(REFUSAL_NAME);
  announce();
}

export function useKey(): string | null {
  return useSyncExternalStore(subscribe, readKey);
}

/** Takes the key out of a one-click link (`#key=...`) and out of the address bar and history. */
export function acceptKeyFromFragment(): void {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (!key) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  signIn(key.trim());
}

export function authorization(key: string | null): Record<string, string> {
  return key ? { authorization: `Bearer ${key}` } : {};
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("hashchange", acceptKeyFromFragment);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) window.removeEventListener("hashchange", acceptKeyFromFragment);
  };
}

function announce(): void {
  for (const listener of listeners) listener();
}
