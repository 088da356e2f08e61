import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatAxis } from "../text/moment.ts";
import type { ChartProps } from "./chart-props.ts";

const HEIGHT = 180;
const AXIS_WIDTH = 64;
const FONT = "11px system-ui, sans-serif";

/** The drawing itself; made again when the series change, otherwise only given new data. */
export default function ChartDrawn({ times, series, format }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latestFormat = useRef(format);
  latestFormat.current = format;
  const shape = series.map(({ label, color, kind }) => `${label} ${color} ${kind}`).join("|");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the shape stands for the series without their values
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const options: uPlot.Options = {
      width: element.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      scales: { y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] } },
      axes: [
        {
          stroke: () => token("--ink-2"),
          grid: { show: false },
          ticks: { show: false },
          font: FONT,
          // Below the lowest label of the other axis.
          gap: 10,
          values: (_, splits) => formatAxis(splits.map((seconds) => new Date(seconds * 1_000))),
        },
        {
          stroke: () => token("--ink-2"),
          grid: { stroke: () => token("--line"), width: 1 },
          ticks: { show: false },
          font: FONT,
          size: AXIS_WIDTH,
          values: (_, splits) => splits.map((value) => latestFormat.current(value)),
        },
      ],
      series: [{}, ...series.map(toSeries)],
    };
    const drawn = new uPlot(options, dataOf(times, series), element);
    plot.current = drawn;
    const resized = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    const themed = new MutationObserver(() => drawn.redraw());
    themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      resized.disconnect();
      themed.disconnect();
      drawn.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(dataOf(times, series)), [times, series]);
  return <div ref={box} />;
}

function dataOf(times: ChartProps["times"], series: ChartProps["series"]): uPlot.AlignedData {
  return [[...times], ...series.map(({ values }) => [...values])];
}

function toSeries({ label, color, kind }: ChartProps["series"][number]): uPlot.Series {
  const stroke = () => token(color);
  // Points always: a value between two stretches without any is on no line.
  const points = { show: true, size: 5, stroke, fill: stroke };
  const line: uPlot.Series = { label, stroke, width: 1.5, spanGaps: false, points };
  const bars = kind === "bars" && uPlot.paths.bars?.({ size: [0.7, 24] });
  return bars ? { ...line, fill: stroke, width: 0, paths: bars, points: { show: false } } : line;
}

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
