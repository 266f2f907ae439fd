/** The bar on top of every page: where you are, and who you are signed in as. */
import type { ReactNode } from "react";
import { signOut } from "../access/key";
import { applyTheme, nextTheme, useTheme } from "./theme";
import { Wordmark } from "./wordmark";
import "./header.css";

const PAGES = [
  { address: "/", name: "Live" },
  { address: "/explore", name: "Explore" },
  { address: "/graphiql", name: "GraphiQL" },
] as const;

export type PageAddress = (typeof PAGES)[number]["address"];

export function Header({ current, children }: { current: PageAddress; children?: ReactNode }) {
  const theme = useTheme();
  return (
    <header className="header">
      <Wordmark />
      <nav aria-label="Pages">
        {PAGES.map(({ address, name }) => (
          <a key={address} href={address} aria-current={address === current ? "page" : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <div className="header-end">
        {children}
        <button
          type="button"
          className="quiet"
          onClick={() => applyTheme(nextTheme(theme))}
        >
          <ThemeSign />
          <span className="header-word">
            <span className="unseen">Theme: </span>
            {THEME_WORDS[theme]}
          </span>
        </button>
        <button type="button" className="quiet" onClick={() => signOut()}>
          Sign out
        </button>
      </div>
    </header>
  );
}

const THEME_WORDS = { system: "Auto", light: "Light", dark: "Dark" } as const;

function ThemeSign() {
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <path d="M8 1.8a6.2 6.2 0 0 1 0 12.4z" fill="currentColor" />
    </svg>
  );
}
