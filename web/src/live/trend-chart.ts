/** Sessions by hour, drawn. */
import type { EChartsCoreOption } from "echarts/core";
import { openChart, timeAxis, tooltip, valueAxis, type Chart } from "../design/chart";
import type { Colours } from "../design/chart-colours";
import { formatCount, formatDayAndHour, formatHour } from "../design/format";
import type { Hour } from "./hours";

const NARROW_PX = 480;

export type HoursDrawn = { readonly hours: readonly Hour[]; readonly timeZone: string };

export const openTrendChart = (place: HTMLElement): Chart<HoursDrawn> => openChart(place, describe);

function describe({ hours, timeZone }: HoursDrawn, colours: Colours, width: number): EChartsCoreOption {
  const labelled = findLabelledHours(hours, timeZone, width < NARROW_PX ? 6 : 3);
  const axis = timeAxis(hours.map((hour) => formatHour(hour.start, timeZone)), colours);
  return {
    grid: { left: widthOfLabels(hours), right: 20, top: 10, bottom: 28, outerBoundsMode: "none" },
    xAxis: { ...axis, axisLabel: { ...axis.axisLabel, interval: (at: number) => labelled.has(at) } },
    yAxis: { ...valueAxis(formatCount, colours), minInterval: 1 },
    tooltip: { ...tooltip(colours), formatter: (points: readonly Point[]) => tell(hours[points[0]?.dataIndex ?? -1], timeZone) },
    series: [describeWhole(hours, colours), describeUnfinished(hours, colours)],
  };
}

type Point = { readonly dataIndex: number };

function widthOfLabels(hours: readonly Hour[]): number {
  const most = Math.max(...hours.map((hour) => hour.sessions ?? 0), 10);
  return 14 + 7.5 * formatCount(most * 1.5).length;
}

/** Local hours that divide evenly, so that the axis reads 00:00, 03:00, 06:00 (or 00:00, 06:00 on a phone). */
function findLabelledHours(hours: readonly Hour[], timeZone: string, every: number): ReadonlySet<number> {
  const local = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone });
  const isLabelled = ({ start }: Hour) => {
    const [hour, minute] = local.format(new Date(start)).split(":");
    return minute === "00" && Number(hour) % every === 0;
  };
  return new Set(hours.flatMap((hour, index) => (isLabelled(hour) ? [index] : [])));
}

function tell(hour: Hour | undefined, timeZone: string): string {
  if (!hour) return "";
  const sessions = hour.sessions === null ? "No data" : `${formatCount(hour.sessions)} ${hour.sessions === 1 ? "session" : "sessions"}`;
  return `${formatDayAndHour(hour.start, timeZone)}<br><b>${sessions}</b>${hour.complete ? "" : " so far in this hour"}`;
}

function describeWhole(hours: readonly Hour[], colours: Colours) {
  return {
    id: "whole",
    name: "whole hours",
    type: "line",
    data: hours.map((hour) => (hour.complete ? hour.sessions : null)),
    showSymbol: false,
    lineStyle: { width: 2, color: colours.accent },
    itemStyle: { color: colours.accent },
    areaStyle: { color: colours["accent-soft"], opacity: 0.75 },
  };
}

/** Dashed from the last whole hour to an unfinished one, so that a half-filled hour does not look like a fall. */
function describeUnfinished(hours: readonly Hour[], colours: Colours) {
  const touches = (index: number) => [index - 1, index, index + 1].some((near) => hours[near]?.complete === false);
  return {
    id: "part",
    name: "part of an hour",
    type: "line",
    data: hours.map((hour, index) => (touches(index) ? hour.sessions : null)),
    symbol: "circle",
    showAllSymbol: true,
    symbolSize: (_value: unknown, point: Point) => (hours[point.dataIndex]?.complete ? 0 : 7),
    lineStyle: { width: 2, type: [4, 4], color: colours.accent },
    itemStyle: { color: colours.surface, borderColor: colours.accent, borderWidth: 2 },
  };
}
