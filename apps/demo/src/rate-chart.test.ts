import { expect, test } from "vitest";
import { RateChart } from "./rate-chart.ts";

test("a bar for each second, the highest for the most, a blank for nothing", () => {
  let total = 0;
  const chart = new RateChart(() => total);
  expect([chart.rate, chart.bars(4)]).toEqual([0, ""]);
  for (const rate of [1, 0, 50, 100]) {
    total += rate;
    chart.count();
  }
  expect([chart.rate, chart.bars(4), chart.bars(2), chart.bars(0)]).toEqual([100, "▁ ▅█", "▅█", ""]);
});

test("what is ascribed to another publisher after all is not counted against this one", () => {
  let total = 10;
  const chart = new RateChart(() => total);
  chart.count();
  total = 0;
  chart.count();
  total = 4;
  chart.count();
  expect(chart.rate).toBe(4);
});
