/**
 * How fast CHDs are decoded, verified and hashed, against chdman on the same files, and how soon a page hashes:
 *
 *     bun bench/native.ts [--rounds 5] [--mib 64] [--only codecs,verify,ra,page] [--files DIR] [--json FILE]
 *
 * Making the files takes some two minutes; with `--files` they stay in that folder and are taken again.
 */
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { ensureBuilt } from "../native/build.ts";
import { parseCount } from "./lib/arguments.ts";
import { BenchError } from "./lib/bench-error.ts";
import { CODECS, type Codec, findChdman, makeChd } from "./lib/chd-files.ts";
import { type Cleanup, runBench } from "./lib/cleanup.ts";
import { CONTENT_MIX } from "./lib/disc-content.ts";
import { describeMachine } from "./lib/machine.ts";
import { type CodecFigures, measureCodec, measureVerify, type VerifyFigures } from "./lib/measure-chd.ts";
import { type FirstHashFigures, measureFirstHash } from "./lib/measure-first-hash.ts";
import { measureRaHash, type RaFigures } from "./lib/measure-ra-hash.ts";
import { makeRaImages } from "./lib/ra-images.ts";
import { formatNumber, formatRatio, formatSummary, judge, printReport, type Row } from "./lib/report.ts";
import type { Summary } from "./lib/statistics.ts";
import { createFolder } from "./lib/workspace.ts";

const PARTS = ["codecs", "verify", "ra", "page"] as const;
type Part = (typeof PARTS)[number];

const ROUNDS_MAX = 100;
/** Least share of chdman's speed per core; null where no budget is set. */
const CODEC_BUDGETS: { readonly [C in Codec]: number | null } = {
  zlib: 1,
  lzma: 0.85,
  huff: null,
  flac: 1,
  zstd: 1,
  cdzl: 1,
  cdlz: 0.85,
  cdfl: 1,
  cdzs: 1,
};
/** What chdman uses first for CDs, and the codec that leaves the checksums the largest part. */
const VERIFIED = ["cdlz", "zstd"] as const satisfies readonly Codec[];
const VERIFY_BUDGET = 1.5;
const RA_BUDGET = 1.2;
const FIRST_HASH_BUDGET_MS = 50;

interface Options {
  readonly rounds: number;
  readonly sizeBytes: number;
  readonly parts: ReadonlySet<Part>;
  readonly folder: string | undefined;
  readonly json: string | undefined;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "5" },
      mib: { type: "string", default: "64" },
      only: { type: "string", default: PARTS.join(",") },
      files: { type: "string" },
      json: { type: "string" },
    },
  });
  return {
    rounds: parseCount("rounds", values.rounds, [1, ROUNDS_MAX]),
    sizeBytes: parseCount("mib", values.mib, [1, 1024]) * 2 ** 20,
    parts: new Set(values.only.split(",").map(parsePart)),
    folder: values.files,
    json: values.json,
  };
}

function parsePart(text: string): Part {
  const part = PARTS.find((name) => name === text);
  if (part === undefined) throw new BenchError(`--only ${text}: ${PARTS.join(", ")} are accepted`);
  return part;
}

interface Figures {
  readonly codecs: readonly CodecFigures[];
  readonly verify: readonly VerifyFigures[];
  readonly ra: readonly RaFigures[];
  /** Null when it was not asked for, or there is no browser. */
  readonly page: FirstHashFigures | null;
}

async function measureAll(cleanup: Cleanup, options: Options, folder: string): Promise<Figures> {
  const { rounds, sizeBytes, parts } = options;
  const chdman = await findChdman();
  const codecs: CodecFigures[] = [];
  const verify: VerifyFigures[] = [];
  const ra: RaFigures[] = [];
  if (parts.has("codecs")) {
    for (const codec of CODECS) {
      const input = await makeChd(chdman, { folder, codec, sizeBytes });
      codecs.push(await measureCodec(cleanup, input, { chdman, rounds }));
    }
  }
  if (parts.has("verify")) {
    for (const codec of VERIFIED) {
      const input = await makeChd(chdman, { folder, codec, sizeBytes });
      verify.push(await measureVerify(cleanup, input, { chdman, rounds }));
    }
  }
  if (parts.has("ra")) {
    for (const image of await makeRaImages(chdman, folder)) ra.push(await measureRaHash(image, rounds));
  }
  const page = parts.has("page") ? await measureFirstHash(cleanup, rounds) : null;
  return { codecs, verify, ra, page };
}

function toRows({ codecs, verify, ra, page }: Figures): readonly Row[] {
  const speed = (summary: Summary) => formatSummary(summary, "MB/s", 0);
  return [
    ...codecs.map(({ codec, ours, theirs, ratio, storedBytes, logicalBytes }) => {
      const budget = CODEC_BUDGETS[codec];
      return [
        `${codec}, stored in ${formatNumber((storedBytes / logicalBytes) * 100)} %`,
        speed(ours),
        `${speed(theirs)} chdman`,
        `${formatNumber(ratio * 100)} %`,
        budget === null ? "-" : `>= ${budget * 100} %`,
        budget === null ? "-" : judge(ratio >= budget),
      ];
    }),
    ...verify.map(({ codec, workers, ours, theirs, ratio, loadBefore }) => [
      `verify ${codec}, ${workers} workers, load ${loadBefore.toFixed(1)}`,
      formatSummary(ours, "s", 2),
      `${formatSummary(theirs, "s", 2)} chdman`,
      formatRatio(ratio),
      `>= ${VERIFY_BUDGET}x`,
      judge(ratio >= VERIFY_BUDGET),
    ]),
    ...ra.map(({ name, ours, reading, ratio }) => [
      `RA hash, ${name}`,
      formatSummary(ours, "ms", 0),
      `${formatSummary(reading, "ms", 0)} reading + md5`,
      formatRatio(ratio),
      `<= ${RA_BUDGET}x`,
      judge(ratio <= RA_BUDGET),
    ]),
    ...(page === null ? [] : toPageRows(page)),
  ];
}

function toPageRows({ firstMs, againMs }: FirstHashFigures): readonly Row[] {
  return [
    [
      "first hash in a fresh page",
      formatSummary(firstMs, "ms", 1),
      "-",
      "-",
      `<= ${FIRST_HASH_BUDGET_MS} ms`,
      judge(firstMs.median <= FIRST_HASH_BUDGET_MS),
    ],
    ["the next one in it", formatSummary(againMs, "ms", 1), "-", "-", "-", "-"],
  ];
}

function toNotes({ codecs, page }: Figures, options: Options): readonly string[] {
  return [
    `Content by seed: ${CONTENT_MIX}; for flac and cdfl tones with noise; chdman 0.289 made the files.`,
    "Codecs: content per CPU second of a process of its own; ours from opening the file on, compiling included, as a",
    "stream that nobody keeps; chdman's whole `extractraw` to /dev/null, which checks the hunks' CRC as ours does and",
    "makes no SHA-1.",
    "verify: wall time, ours from opening the file on; chdman's SHA-1 is portable code and a large part of its time.",
    "RA hash: CPU of the whole process, opening the disc included, against the same sectors read and hashed.",
    ...(codecs.length === 0 ? [] : ["huff has no budget of its own."]),
    ...(page !== null || !options.parts.has("page") ? [] : ["No first hash in a page: Chromium is missing."]),
    ...(page === null
      ? []
      : [`Page: ${page.browser}, from the load event to the digests of 1 KiB, an empty cache each time.`]),
  ];
}

await runBench(async (cleanup) => {
  const machine = describeMachine();
  const options = readOptions(process.argv.slice(2));
  await ensureBuilt();
  const folder = options.folder ?? createFolder(cleanup, "native");
  mkdirSync(folder, { recursive: true });
  const figures = await measureAll(cleanup, options, folder);
  const rounds = `${options.rounds} ${options.rounds === 1 ? "round" : "rounds"}`;
  printReport(
    {
      title: `Native: ${options.sizeBytes} bytes for each codec, ${rounds} in turn; median (least..most)`,
      machine,
      heads: ["what", "ours", "reference", "ratio", "budget", "verdict"],
      rows: toRows(figures),
      notes: toNotes(figures, options),
      figures: { sizeBytes: options.sizeBytes, rounds: options.rounds, ...figures },
    },
    options.json,
  );
});
