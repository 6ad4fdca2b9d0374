import { useStore } from '@orderstream/client/react';
import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { moneyText } from '../parts/format.ts';
import { theme } from '../shell/theme.ts';
import type { DayOfSales } from './sales-days.ts';

const height = 300;
/** The axis names every day, or every second one…, but no part of a day: seconds. */
const dayIncrements = [1, 2, 7, 14, 28, 56].map(days => days * 86_400);
const dayOfAxis = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const day = new Intl.DateTimeFormat('en', { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' });

/** A bar a day. The table beside it says the same to those who do not see it. */
export function RevenueChart({ days, currency }: { days: readonly DayOfSales[]; currency: string }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const shown = useStore(theme);
  const isDark = useDarkSystem();
  const data = useRef<uPlot.AlignedData>([[], []]);
  data.current = [days.map(({ date }) => Date.parse(date) / 1_000), days.map(({ revenue }) => Number(revenue.amount))];

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const width = element.clientWidth;
    const chart = new uPlot(optionsOf(element, currency, width), data.current, element);
    plot.current = chart;
    const observer = new ResizeObserver(() => {
      chart.setSize({ width: element.clientWidth, height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = undefined;
    };
    // A canvas knows no CSS variables: it is drawn again with the colours of another theme.
  }, [currency, shown, isDark]);

  useEffect(() => {
    plot.current?.setData(data.current);
  }, [days]);

  return <div ref={place} className="revenue-chart" aria-hidden="true" />;
}

function optionsOf(element: HTMLElement, currency: string, width: number): uPlot.Options {
  const [accent, quiet, line] = ['--accent', '--quiet', '--line'].map(name => colorOf(element, name)) as [
    string,
    string,
    string,
  ];
  const short = new Intl.NumberFormat('en', { style: 'currency', currency, notation: 'compact' });
  const axis = { stroke: quiet, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: '12px system-ui' };
  return {
    width,
    height,
    // Days are days in UTC, as the API counts them.
    tzDate: seconds => uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
    scales: {
      // Half a day at both ends, so that the first and the last bar are whole.
      x: { time: true, range: (_plot, min, max) => [min - 43_200, max + 43_200] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 64,
        incrs: dayIncrements,
        values: (_plot, splits) => splits.map(seconds => dayOfAxis.format(seconds * 1_000)),
      },
      { ...axis, size: 68, values: (_plot, splits) => splits.map(value => short.format(value)) },
    ],
    series: [
      { label: 'Day', value: (_plot, seconds) => (Number.isFinite(seconds) ? day.format(seconds * 1_000) : '–') },
      {
        label: 'Revenue',
        fill: accent,
        stroke: accent,
        width: 0,
        ...(uPlot.paths.bars && { paths: uPlot.paths.bars({ size: [0.72, 60], radius: 0.15 }) }),
        points: { show: false },
        value: (_plot, value) => (Number.isFinite(value) ? moneyText({ amount: String(value), currency }) : '–'),
      },
    ],
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    hooks: {
      ready: [showLastDay],
      setData: [showLastDay],
      setCursor: [chart => isOutside(chart) && showLastDay(chart)],
    },
  };
}

function isOutside({ cursor }: uPlot): boolean {
  return cursor.idx == null;
}

/** Below the chart: the day under the pointer, otherwise today. */
function showLastDay(chart: uPlot): void {
  const idx = chart.data[0].length - 1;
  if (isOutside(chart) && idx >= 0) chart.setLegend({ idx }, false);
}

/** The colour that a variable of tokens.css has in the present theme. */
function colorOf(element: HTMLElement, name: string): string {
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = '';
  return color;
}

function useDarkSystem(): boolean {
  const [query] = useState(() => matchMedia('(prefers-color-scheme: dark)'));
  const [isDark, setDark] = useState(query.matches);
  useEffect(() => {
    const follow = () => {
      setDark(query.matches);
    };
    query.addEventListener('change', follow);
    return () => {
      query.removeEventListener('change', follow);
    };
  }, [query]);
  return isDark;
}
