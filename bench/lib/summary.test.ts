import { expect, test } from "bun:test";
import type { GatheredReport } from "./report.ts";
import { formatSummaryTable, listClaims } from "./summary.ts";

const machine = {
  cpuModel: "a processor",
  cores: 2,
  memoryBytes: 2 ** 31,
  loadBefore: 0.5,
  bunVersion: "1.4.4",
  measuredAt: "2026-11-20T00:00:00.000Z",
};
const report: GatheredReport = {
  title: "Saves",
  machine,
  heads: ["request", "c", "req/s", "reference", "budget", "verdict"],
  rows: [
    ["upload", "16", "450", "10.3", ">= 40x", "ok"],
    ["upload", "1", "150", "13", ">= 40x", "MISS: slow"],
    ["other", "1", "7", "-", "-", "-"],
  ],
  notes: [
    "plan: 5000 saves take 8.00x the time of 500, budget <= 12x: ok.",
    "Page, kept: 100 req/s; of a bare one 300 req/s: 3.00x slower, budget <= 2x: MISS.",
    "Reference: recorded.",
  ],
};

test("budgets are found in rows and in sentences, and what has none is left out", () => {
  expect(listClaims("sync.ts", report)).toEqual([
    {
      program: "sync.ts",
      what: "upload, 16 at once",
      measured: "req/s 450; reference 10.3",
      budget: ">= 40x",
      isMet: true,
    },
    {
      program: "sync.ts",
      what: "upload, 1 at once",
      measured: "req/s 150; reference 13",
      budget: ">= 40x",
      isMet: false,
    },
    {
      program: "sync.ts",
      what: "plan",
      measured: "5000 saves take 8.00x the time of 500",
      budget: "<= 12x",
      isMet: true,
    },
    {
      program: "sync.ts",
      what: "Page, kept",
      measured: "100 req/s; of a bare one 300 req/s: 3.00x slower",
      budget: "<= 2x",
      isMet: false,
    },
  ]);
});

test("the table says how many were met, and on what", () => {
  const table = formatSummaryTable(listClaims("sync.ts", report), machine);
  expect(table.split("\n")[0]).toContain("2 of 4 budgets met. machine: a processor, 2 cores");
  expect(table).toContain("| `sync.ts` | plan | 5000 saves take 8.00x the time of 500 | <= 12x | ok |");
  expect(table).toContain("**MISS**");
});
