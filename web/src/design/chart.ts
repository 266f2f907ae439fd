/** What line charts have in common; only the modules of ECharts that they need. */
import { LineChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { init, use, type EChartsCoreOption } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { readColours, type Colours } from "./chart-colours";

use([LineChart, GridComponent, TooltipComponent, SVGRenderer]);

export type Chart<Drawing> = { readonly draw: (drawing: Drawing) => void; readonly close: () => void };
export type Describe<Drawing> = (drawing: Drawing, colours: Colours, width: number) => EChartsCoreOption;

export function openChart<Drawing>(place: HTMLElement, describe: Describe<Drawing>): Chart<Drawing> {
  const chart = init(place, null, { renderer: "svg" });
  const observer = new ResizeObserver(() => chart.resize());
  observer.observe(place);
  return {
    draw: (drawing) => chart.setOption({ ...manner(place), ...describe(drawing, readColours(place), place.clientWidth) }, { replaceMerge: ["series", "xAxis", "yAxis"] }),
    close: () => {
      observer.disconnect();
      chart.dispose();
    },
  };
}

function manner(place: HTMLElement): EChartsCoreOption {
  return {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 250,
    textStyle: { fontFamily: "inherit", fontSize: 12, color: readColours(place)["ink-faint"] },
  };
}

export function timeAxis(labels: readonly string[], colours: Colours) {
  return {
    type: "category",
    boundaryGap: false,
    data: [...labels],
    axisLine: { lineStyle: { color: colours["line-strong"] } },
    axisTick: { show: false },
    axisLabel: { color: colours["ink-faint"], hideOverlap: true, margin: 10 },
  };
}

export function valueAxis(write: (value: number) => string, colours: Colours) {
  return {
    type: "value",
    min: 0,
    splitNumber: 3,
    axisLabel: { color: colours["ink-faint"], formatter: write },
    splitLine: { lineStyle: { color: colours.line } },
  };
}

export function tooltip(colours: Colours) {
  return {
    trigger: "axis",
    confine: true,
    backgroundColor: colours.surface,
    borderColor: colours.line,
    textStyle: { color: colours.ink, fontSize: 13 },
    axisPointer: { lineStyle: { color: colours["line-strong"] } },
  };
}
