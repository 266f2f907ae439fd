/** How numbers, durations and times are written, in the reader's locale and the answer's time zone. */
const locale = navigator.language;
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const twoDecimals = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
const countsTo12 = new Intl.DateTimeFormat(locale, { hour: "numeric" }).resolvedOptions().hour12 === true;

export function formatCount(value: number): string {
  return whole.format(value);
}

export function formatDecimal(value: number): string {
  return twoDecimals.format(value);
}

export function formatShare(value: number): string {
  return percent.format(value);
}

/** Seconds as a person would say them: 640 ms, 1.84 s, 4 min 12 s, 2 h 5 min. */
export function formatDuration(seconds: number): string {
  if (seconds < 1) return `${whole.format(seconds * 1000)} ms`;
  if (seconds < 10) return `${twoDecimals.format(seconds)} s`;
  if (seconds < 60) return `${oneDecimal.format(seconds)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
  return `${whole.format(Math.floor(rounded / 3600))} h ${Math.floor((rounded % 3600) / 60)} min`;
}

export function formatClock(instant: string, timeZone: string): string {
  return new Intl.DateTimeFormat(locale, { timeStyle: "medium", timeZone }).format(new Date(instant));
}

/** 14:00 or, where people say so, 2 PM. */
export function formatHour(instant: string, timeZone: string): string {
  const style = countsTo12 ? ({ hour: "numeric" } as const) : ({ hour: "2-digit", minute: "2-digit" } as const);
  return new Intl.DateTimeFormat(locale, { ...style, timeZone }).format(new Date(instant));
}

/** 28 Nov, 14:05, in the reader's order. */
export function formatMoment(instant: string, timeZone: string): string {
  const style = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone } as const;
  return new Intl.DateTimeFormat(locale, style).format(new Date(instant));
}

export function formatDayAndHour(instant: string, timeZone: string): string {
  const style = { weekday: "short", hour: "2-digit", minute: "2-digit", timeZone } as const;
  return new Intl.DateTimeFormat(locale, style).format(new Date(instant));
}
