/** Theme colours for charts: they are light-dark() values, and only a rendered element knows which half applies. */
const NAMES = [
  "accent",
  "accent-soft",
  "line",
  "line-strong",
  "ink",
  "ink-faint",
  "surface",
  "series-2",
  "series-3",
  "series-4",
  "series-5",
] as const;

export type Colours = Record<(typeof NAMES)[number], string>;

/** In the order in which lines get them. */
export const LINE_COLOURS = ["accent", "series-2", "series-3", "series-4", "series-5"] as const;

export function readColours(place: HTMLElement): Colours {
  const probe = document.createElement("i");
  probe.hidden = true;
  place.append(probe);
  const read = (name: string) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  };
  const colours = Object.fromEntries(NAMES.map(read)) as Colours;
  probe.remove();
  return colours;
}
