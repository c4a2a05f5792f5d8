/**
 * Holds a running Multitap against a given RomM: its routes, the fields of its documents, and recorded requests
 * with their answers. It starts the server itself, on a new folder with a small library, and stops it.
 *
 * How recorded answers are compared, after the same requests in the same order:
 * - the status must be equal; after another status the rest is not looked at;
 * - headers that clients read must be equal (media type, `www-authenticate`, ranges, disposition, `allow`,
 *   `location`, `retry-after`), `etag` and `last-modified` must be there, cookies must have the same name and
 *   attributes;
 * - every recorded field must be there, with a value of the same kind; fields of ours beyond that are free;
 * - values must be equal where they depend on the request alone. Moments, secrets, codes, UUIDs, hashes of the
 *   recording's own files and the version are not: of those only null, or empty, must be the same;
 * - ids must correspond: what stood for a rom once stands for the same rom from then on. They are learned from
 *   the answers themselves, place by place; elements of lists are told apart by name where they have one;
 * - lists of scopes, of grants, of ids and of folders are sets; every other list has an order;
 * - of refused input (422) the places of the faults and their fields count, not the words;
 * - downloads must have the same length, and the same bytes when the recording itself uploaded them.
 * Every JSON answer of ours is also held against the reference's schema.
 *
 * What differs on purpose is a row in `conformance/differences.ts`; what later work brings is a row in
 * `conformance/not-built-yet.ts`. A row that says something that is not so fails like a difference without a row.
 */
import { parseArguments, USAGE } from "./conformance/arguments.ts";
import { InputError, loadOpenApi, loadPairs, loadRoutes, loadTranscripts } from "./conformance/load.ts";
import { report } from "./conformance/report.ts";
import { runConformance } from "./conformance/run.ts";
import { openScene } from "./conformance/server.ts";
import { stopOnSignals } from "./testing/run-process.ts";

/**
 * A run takes some fifteen seconds; the rest is for a machine that does other work as well. With the call that is
 * under way then, and with the stop of the server, all of it stays below three minutes.
 */
const RUN_TIMEOUT_MS = 100_000;

async function main(words: readonly string[]): Promise<number> {
  const given = parseArguments(words);
  if (given === null) {
    console.error(USAGE);
    return 2;
  }
  const [document, routes, pairs, transcripts] = await Promise.all([
    loadOpenApi(given.openApi),
    loadRoutes(given.routes),
    loadPairs(given.examples),
    loadTranscripts(given.examples),
  ]);
  const signals = stopOnSignals();
  const signal = AbortSignal.any([signals.signal, AbortSignal.timeout(RUN_TIMEOUT_MS)]);
  const scene = await openScene();
  try {
    const run = await runConformance({ call: scene.call, routes, document, pairs, signal });
    const { only, isVerbose } = given;
    const { lines, failedCount, data } = report(run, { transcripts, only, isVerbose });
    for (const line of lines) console.log(line);
    if (given.json !== null) await Bun.write(given.json, `${JSON.stringify(data, null, 1)}\n`);
    return failedCount > 0 ? 1 : 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    console.error(`conformance: stopped before its end (${signal.reason})`);
    return signals.exitCode() || 1;
  } finally {
    await scene.stop();
  }
}

try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`conformance: ${error.message}`);
  process.exit(2);
}
