/** Lines over time, drawn. */
import type { EChartsCoreOption } from "echarts/core";
import { openChart, timeAxis, tooltip, valueAxis, type Chart } from "../design/chart";
import { LINE_COLOURS, type Colours } from "../design/chart-colours";

export type Line = { readonly name: string; readonly values: readonly (number | null)[]; readonly faint?: boolean };
export type Lines = {
  readonly labels: readonly string[];
  /** False where the range or the present cuts the bucket short. */
  readonly complete: readonly boolean[];
  readonly lines: readonly Line[];
  readonly write: (value: number) => string;
  /** The end of the scale, where there is one: shares end at 1. */
  readonly most?: number | undefined;
};

export const openLinesChart = (place: HTMLElement): Chart<Lines> => openChart(place, describe);

function describe({ labels, complete, lines, write, most }: Lines, colours: Colours): EChartsCoreOption {
  const told = (value: unknown) => (typeof value === "number" ? write(value) : "No data");
  return {
    grid: { left: 8, right: 16, top: 10, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: timeAxis(labels, colours),
    yAxis: { ...valueAxis(write, colours), ...(most === undefined ? {} : { max: most, interval: most / 4 }) },
    tooltip: { ...tooltip(colours), order: "valueDesc", valueFormatter: told },
    series: lines.map((line, index) => describeLine(line, index, complete, colours, lines.every((one) => one === line || one.faint))),
  };
}

/** Told apart by dashes as well as by colour; the last, unfinished bucket is a hollow point. */
function describeLine(line: Line, index: number, complete: readonly boolean[], colours: Colours, alone: boolean) {
  const colour = line.faint ? colours["ink-faint"] : colours[LINE_COLOURS[index % LINE_COLOURS.length] ?? "accent"];
  return {
    id: String(index),
    name: line.name,
    type: "line",
    data: [...line.values],
    symbol: "circle",
    showAllSymbol: true,
    symbolSize: (_value: unknown, point: { readonly dataIndex: number }) => (complete[point.dataIndex] === false && !line.faint ? 7 : 0),
    lineStyle: { width: line.faint ? 1.5 : 2, color: colour, type: line.faint ? [4, 4] : DASHES[index % DASHES.length] },
    itemStyle: { color: colours.surface, borderColor: colour, borderWidth: 2 },
    ...(alone && !line.faint ? { areaStyle: { color: colours["accent-soft"], opacity: 0.6 } } : {}),
  };
}

const DASHES = ["solid", [8, 3], [2, 3], [10, 3, 2, 3], "solid"];
