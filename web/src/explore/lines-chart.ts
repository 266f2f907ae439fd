/** The ECharts side of the lines over time; only the modules it needs. */
import { LineChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { init, use, type EChartsCoreOption } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { LINE_COLOURS, readColours } from "../design/chart-colours";

use([LineChart, GridComponent, TooltipComponent, SVGRenderer]);

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
export type LinesChart = { readonly draw: (lines: Lines) => void; readonly close: () => void };

type Colours = ReturnType<typeof readColours>;

export function openLinesChart(place: HTMLElement): LinesChart {
  const chart = init(place, null, { renderer: "svg" });
  const observer = new ResizeObserver(() => chart.resize());
  observer.observe(place);
  return {
    draw: (lines) => chart.setOption(describe(lines, readColours(place)), { notMerge: true }),
    close: () => {
      observer.disconnect();
      chart.dispose();
    },
  };
}

function describe({ labels, complete, lines, write, most }: Lines, colours: Colours): EChartsCoreOption {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  return {
    animation: !still,
    animationDuration: 250,
    grid: { left: 8, right: 16, top: 10, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    textStyle: { fontFamily: "inherit", fontSize: 12, color: colours["ink-faint"] },
    xAxis: {
      type: "category",
      boundaryGap: false,
      data: [...labels],
      axisLine: { lineStyle: { color: colours["line-strong"] } },
      axisTick: { show: false },
      axisLabel: { color: colours["ink-faint"], hideOverlap: true, margin: 10 },
    },
    yAxis: {
      type: "value",
      min: 0,
      ...(most === undefined ? {} : { max: most, interval: most / 4 }),
      splitNumber: 3,
      axisLabel: { color: colours["ink-faint"], formatter: write },
      splitLine: { lineStyle: { color: colours.line } },
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      order: "valueDesc",
      backgroundColor: colours.surface,
      borderColor: colours.line,
      textStyle: { color: colours.ink, fontSize: 13 },
      axisPointer: { lineStyle: { color: colours["line-strong"] } },
      valueFormatter: (value: unknown) => (typeof value === "number" ? write(value) : "No data"),
    },
    series: lines.map((line, index) => describeLine(line, index, complete, colours, lines.every((one) => one === line || one.faint))),
  };
}

/** Told apart by dashes as well as by colour; the last, unfinished bucket is a hollow point. */
function describeLine(line: Line, index: number, complete: readonly boolean[], colours: Colours, alone: boolean) {
  const colour = line.faint ? colours["ink-faint"] : colours[LINE_COLOURS[index % LINE_COLOURS.length] ?? "accent"];
  return {
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
