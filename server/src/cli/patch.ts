import type { ByteStep } from "./byte-progress.ts";
import { createByteProgress } from "./byte-progress.ts";
import { createCommand } from "./command.ts";
import { formatBytes } from "./scan-progress.ts";

/** `patch`: applies a patch to a rom, without a server. */
export const patch = createCommand({
  name: "patch",
  summary: "Applies a patch to a rom and writes the result as a new file; needs no server.",
  positionals: ["ROM", "PATCH"],
  options: {
    out: {
      kind: "text",
      short: "o",
      placeholder: "FILE",
      help: "What to write, or the folder for it; beside the rom under a name made of both unless said.",
    },
    force: { kind: "flag", fallback: false, help: "Replace a file that exists." },
  } as const,
  notes: [
    "Formats: IPS (with IPS32 and EBP), UPS, BPS, PPF, RUP, APS (N64 and GBA), BSDIFF, PMSR, and VCDIFF as xdelta3 " +
      "writes it with -S none. The first bytes tell which; extensions do not count.",
    "A rom that is a ZIP, 7z, RAR or GZ stands for the only file in it.",
    "Where the patch has a checksum of its rom, a rom that differs is patched all the same, and you are told.",
  ],
  async run(call) {
    const [romPath = "", patchPath = ""] = call.positionals;
    const { signal } = call.getInterruption();
    const { patchLocal } = await import("./patch/patch-local.ts");
    const progress = createByteProgress(call.terminal, {
      isQuiet: call.options.json,
      now: () => performance.now(),
    });
    try {
      const made = await patchLocal({
        romPath,
        patchPath,
        out: call.options.out,
        isForced: call.options.force,
        signal,
        onProgress: (step: ByteStep) => progress.show(step),
      });
      progress.end();
      if (made.check === "differs") call.terminal.note("multitap: the patch was made for another rom");
      const about = made.check === "matched" ? ", made for this rom" : "";
      return {
        json: { ...made },
        lines: [`${made.path}  ${formatBytes(made.sizeBytes)}  ${made.format}${about}`],
      };
    } finally {
      progress.end();
    }
  },
});
