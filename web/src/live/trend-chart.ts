/** The ECharts side of the hourly chart; only the modules it needs. */
import { LineChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { init, use, type EChartsCoreOption } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { readColours, type Colours } from "../design/chart-colours";
import { formatCount, formatDayAndHour, formatHour } from "../design/format";
import type { Hour } from "./hours";

use([LineChart, GridComponent, TooltipComponent, SVGRenderer]);

const NARROW_PX = 480;

export type TrendChart = {
  readonly draw: (hours: readonly Hour[], timeZone: string) => void;
  readonly close: () => void;
};

export function openTrendChart(place: HTMLElement): TrendChart {
  const chart = init(place, null, { renderer: "svg" });
  const observer = new ResizeObserver(() => chart.resize());
  observer.observe(place);
  return {
    draw: (hours, timeZone) => chart.setOption(describeChart(hours, timeZone, readColours(place), place.clientWidth)),
    close: () => {
      observer.disconnect();
      chart.dispose();
    },
  };
}

function describeChart(
  hours: readonly Hour[],
  timeZone: string,
  colours: Colours,
  width: number,
): EChartsCoreOption {
  const labelled = findLabelledHours(hours, timeZone, width < NARROW_PX ? 6 : 3);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  return {
    animation: !still,
    animationDuration: 250,
    grid: { left: widthOfLabels(hours), right: 20, top: 10, bottom: 28, outerBoundsMode: "none" },
    textStyle: { fontFamily: "inherit", fontSize: 12, color: colours["ink-faint"] },
    xAxis: {
      type: "category",
      boundaryGap: false,
      data: hours.map((hour) => formatHour(hour.start, timeZone)),
      axisLine: { lineStyle: { color: colours["line-strong"] } },
      axisTick: { show: false },
      axisLabel: { color: colours["ink-faint"], hideOverlap: true, margin: 10, interval: (at: number) => labelled.has(at) },
    },
    yAxis: {
      type: "value",
      min: 0,
      minInterval: 1,
      splitNumber: 3,
      axisLabel: { color: colours["ink-faint"], formatter: formatCount },
      splitLine: { lineStyle: { color: colours.line } },
    },
    tooltip: describeTooltip(hours, timeZone, colours),
    series: [describeWhole(hours, colours), describeUnfinished(hours, colours)],
  };
}

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

function describeTooltip(hours: readonly Hour[], timeZone: string, colours: Colours) {
  return {
    trigger: "axis",
    confine: true,
    backgroundColor: colours.surface,
    borderColor: colours.line,
    textStyle: { color: colours.ink, fontSize: 13 },
    axisPointer: { lineStyle: { color: colours["line-strong"] } },
    formatter: (points: readonly { readonly dataIndex: number }[]) => {
      const hour = hours[points[0]?.dataIndex ?? -1];
      if (!hour) return "";
      const sessions = hour.sessions === null ? "No data" : `${formatCount(hour.sessions)} ${hour.sessions === 1 ? "session" : "sessions"}`;
      return `${formatDayAndHour(hour.start, timeZone)}<br><b>${sessions}</b>${hour.complete ? "" : " so far in this hour"}`;
    },
  };
}

function describeWhole(hours: readonly Hour[], colours: Colours) {
  return {
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
    name: "part of an hour",
    type: "line",
    data: hours.map((hour, index) => (touches(index) ? hour.sessions : null)),
    symbol: "circle",
    showAllSymbol: true,
    symbolSize: (_value: unknown, point: { readonly dataIndex: number }) => (hours[point.dataIndex]?.complete ? 0 : 7),
    lineStyle: { width: 2, type: [4, 4], color: colours.accent },
    itemStyle: { color: colours.surface, borderColor: colours.accent, borderWidth: 2 },
  };
}
