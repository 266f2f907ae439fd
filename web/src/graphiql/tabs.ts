/**
 * GraphiQL marks each tab as role="tab" around two buttons, which a screen reader cannot enter.
 * A list of buttons, the open one marked as current, says the same and can be used.
 */
export function keepTabsReadable(place: HTMLElement): () => void {
  const observer = new MutationObserver(() => rewriteTabs(place));
  const watched = { subtree: true, childList: true, attributeFilter: ["role", "aria-selected"] };
  observer.observe(place, watched);
  rewriteTabs(place);
  return () => observer.disconnect();
}

function rewriteTabs(place: HTMLElement): void {
  for (const list of place.querySelectorAll('[role="tablist"]')) list.setAttribute("role", "list");
  for (const tab of place.querySelectorAll(".graphiql-tab[aria-selected]")) {
    const open = tab.getAttribute("aria-selected") === "true";
    tab.setAttribute("role", "listitem");
    tab.removeAttribute("aria-selected");
    tab.querySelector(".graphiql-tab-button")?.setAttribute("aria-current", String(open));
  }
  for (const panel of place.querySelectorAll('[role="tabpanel"]')) panel.setAttribute("role", "group");
}
