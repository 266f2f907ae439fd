/** Where a chart is drawn: opened once, drawn anew when its figures or the theme change, closed with the page. */
import { useEffect, useRef, useState } from "react";
import type { Chart } from "./chart";
import { useTheme } from "./theme";

type Props<Drawing> = {
  /** Fetches the chart library, which the figures on the page do not wait for. */
  readonly open: () => Promise<(place: HTMLElement) => Chart<Drawing>>;
  readonly drawing: Drawing;
  readonly empty: boolean;
  readonly label: string;
};

export function ChartPlace<Drawing>({ open, drawing, empty, label }: Props<Drawing>) {
  const place = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<Chart<Drawing>>();
  const theme = useTheme();

  useEffect(() => {
    let opened: Chart<Drawing> | undefined;
    let left = false;
    void open().then((openIn) => {
      if (left || !place.current) return;
      opened = openIn(place.current);
      setChart(opened);
    });
    return () => {
      left = true;
      opened?.close();
    };
  }, [open]);

  useEffect(() => (empty ? undefined : chart?.draw(drawing)), [chart, drawing, empty, theme]);

  return <div className="trend-chart" ref={place} role="img" aria-label={label} />;
}
